# Stands in for the official image where no registry is reached: the same paths, account and variables, Debian's RabbitMQ.
ARG BASE
FROM ${BASE}
RUN groupadd -g 999 rabbitmq && useradd -u 999 -g 999 -d /var/lib/rabbitmq rabbitmq && printf 'exit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends rabbitmq-server && rm -rf /var/lib/apt/lists/* /var/lib/rabbitmq/*
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    RABBITMQ_CONF_ENV_FILE=/none RABBITMQ_LOG_BASE=/var/log/rabbitmq RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia \
    RABBITMQ_ALLOW_INPUT=1 RABBITMQ_SERVER_START_ARGS=-noinput
USER 999:999
ENTRYPOINT ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
