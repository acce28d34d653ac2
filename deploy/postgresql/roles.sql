-- Two roles and a database; as a superuser: psql -f roles.sql. The passwords are set apart, so that
-- none stands in a file or in a shell's history: \password billing_owner, \password billing
--
-- billing_owner owns the schema and is used by migrations alone. billing is what the processes are:
-- it reads and writes rows, and can neither change a table nor switch off the triggers that keep
-- finalized invoices as they are.

create role billing_owner login;
create role billing login;
create database billing owner billing_owner;

-- A transaction that somebody forgot holds its locks, and keeps old rows, for no longer than this.
alter role billing set idle_in_transaction_session_timeout = '5min';
revoke connect, temporary on database billing from public;
grant connect on database billing to billing;
