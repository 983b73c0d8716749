# Does with the official image's variables and folders what that does with them.
set -eu
export PGDATA="${PGDATA:-/var/lib/postgresql/data}"
[ "${1:-}" != postgres ] || shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); else PGPASSWORD=$POSTGRES_PASSWORD; fi
  export PGPASSWORD
  (umask 077 && printf '%s\n' "$PGPASSWORD" > "/tmp/password")
  initdb -D "$PGDATA" -U postgres --auth-local=peer --pwfile=/tmp/password $POSTGRES_INITDB_ARGS
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=/tmp" -w start
  for script in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$script" ] || psql -Xq -v ON_ERROR_STOP=1 -h /tmp -U postgres -f "$script"
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
