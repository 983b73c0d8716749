-- Five databases, each with an owner for migrations and an application role; nobody enters another's.
-- Run by the job "databases" as superuser at every install and upgrade; running it again changes nothing but passwords.
-- Passwords are read from the mounted secret, so none stands in this file or on a command line.
\set ON_ERROR_STOP on
\if :{?roles}
\else
  \set roles /run/secrets/roles
\endif

\set owner_password `cat :'roles'/order_owner`
\set app_password `cat :'roles'/order_app`
SELECT 'CREATE ROLE orderhub_order_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_order_owner') \gexec
SELECT 'CREATE ROLE orderhub_order' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_order') \gexec
ALTER ROLE orderhub_order_owner LOGIN PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE orderhub_order LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE orderhub_order OWNER orderhub_order_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orderhub_order') \gexec
REVOKE ALL ON DATABASE orderhub_order FROM PUBLIC;
GRANT CONNECT ON DATABASE orderhub_order TO orderhub_order;

\set owner_password `cat :'roles'/planning_owner`
\set app_password `cat :'roles'/planning_app`
SELECT 'CREATE ROLE orderhub_planning_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_planning_owner') \gexec
SELECT 'CREATE ROLE orderhub_planning' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_planning') \gexec
ALTER ROLE orderhub_planning_owner LOGIN PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE orderhub_planning LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE orderhub_planning OWNER orderhub_planning_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orderhub_planning') \gexec
REVOKE ALL ON DATABASE orderhub_planning FROM PUBLIC;
GRANT CONNECT ON DATABASE orderhub_planning TO orderhub_planning;

\set owner_password `cat :'roles'/inventory_owner`
\set app_password `cat :'roles'/inventory_app`
SELECT 'CREATE ROLE orderhub_inventory_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_inventory_owner') \gexec
SELECT 'CREATE ROLE orderhub_inventory' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_inventory') \gexec
ALTER ROLE orderhub_inventory_owner LOGIN PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE orderhub_inventory LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE orderhub_inventory OWNER orderhub_inventory_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orderhub_inventory') \gexec
REVOKE ALL ON DATABASE orderhub_inventory FROM PUBLIC;
GRANT CONNECT ON DATABASE orderhub_inventory TO orderhub_inventory;

\set owner_password `cat :'roles'/notify_owner`
\set app_password `cat :'roles'/notify_app`
SELECT 'CREATE ROLE orderhub_notify_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_notify_owner') \gexec
SELECT 'CREATE ROLE orderhub_notify' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_notify') \gexec
ALTER ROLE orderhub_notify_owner LOGIN PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE orderhub_notify LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE orderhub_notify OWNER orderhub_notify_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orderhub_notify') \gexec
REVOKE ALL ON DATABASE orderhub_notify FROM PUBLIC;
GRANT CONNECT ON DATABASE orderhub_notify TO orderhub_notify;

\set owner_password `cat :'roles'/gateway_owner`
\set app_password `cat :'roles'/gateway_app`
SELECT 'CREATE ROLE orderhub_gateway_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_gateway_owner') \gexec
SELECT 'CREATE ROLE orderhub_gateway' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orderhub_gateway') \gexec
ALTER ROLE orderhub_gateway_owner LOGIN PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE orderhub_gateway LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE orderhub_gateway OWNER orderhub_gateway_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orderhub_gateway') \gexec
REVOKE ALL ON DATABASE orderhub_gateway FROM PUBLIC;
GRANT CONNECT ON DATABASE orderhub_gateway TO orderhub_gateway;
