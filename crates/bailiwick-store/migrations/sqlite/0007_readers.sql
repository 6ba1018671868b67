-- Which releases understand what is in a database.

-- Changes: the oldest migration that a program must know to understand what is in the line; nought: any will do.
alter table lines add column oldest_reader INTEGER not null default 0;
