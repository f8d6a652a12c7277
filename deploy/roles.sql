-- Once, with psql, as an administrator: the role that the product takes, a login for the schema's
-- owner, a login for the product, and the database. See docs/operations.md.
-- The passwords come from the environment: in a command line others could read them.
\getenv owner_password TRACKER_OWNER_PASSWORD
\getenv app_password TRACKER_APP_PASSWORD

CREATE ROLE tracker_app NOLOGIN;
CREATE ROLE tracker_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE tracker_login LOGIN PASSWORD :'app_password' IN ROLE tracker_app;
-- An administrator who is no superuser has to be of a role to give it a database.
GRANT tracker_owner TO CURRENT_USER;
CREATE DATABASE tracker OWNER tracker_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE tracker FROM PUBLIC;
GRANT CONNECT ON DATABASE tracker TO tracker_app;
