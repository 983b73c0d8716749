"""What `make up` runs on one machine: private Postgres and RabbitMQ, the five services, the sink, the demo factory."""
