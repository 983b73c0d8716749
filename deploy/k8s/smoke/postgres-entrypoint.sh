set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U postgres --auth-local=peer --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
