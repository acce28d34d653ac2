-- What the processes may do, now and after every migration; as billing_owner, in the database.

grant usage on schema public to billing;
grant select, insert, update, delete on all tables in schema public to billing;
grant usage, select on all sequences in schema public to billing;
grant execute on all functions in schema public to billing;

alter default privileges in schema public grant select, insert, update, delete on tables to billing;
alter default privileges in schema public grant usage, select on sequences to billing;
alter default privileges in schema public grant execute on functions to billing;
