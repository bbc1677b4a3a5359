-- Headers that belong to a kept answer, as a JSON array of name and value. NULL: kept by a host of an earlier version.
ALTER TABLE answers ADD COLUMN headers TEXT;
