-- Which releases can use this database side by side.

-- Changes: the oldest migration that a program must know to be at work on this database.
alter table feed add column oldest_reader bigint not null default 7;
-- Changes: the oldest migration that a program must know to understand what is in the line; nought: any will do.
alter table lines add column oldest_reader bigint not null default 0;
