# Stands in for the official image where no registry is reached: the same paths, account and variables, Debian's Postgres.
ARG BASE
FROM ${BASE}
RUN groupadd -g 999 postgres && useradd -u 999 -g 999 -d /var/lib/postgresql postgres \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql postgresql-client && rm -rf /var/lib/apt/lists/*
RUN install -d -m 700 -o 999 -g 999 /var/lib/postgresql/data && install -d -o 999 -g 999 /var/run/postgresql
COPY deploy/k8s/smoke/postgres-entrypoint.sh /usr/local/bin/entrypoint
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 999:999
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/sh", "/usr/local/bin/entrypoint"]
