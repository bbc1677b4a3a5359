-- Suspends in a row of claims that made no entry (a claim after one that made some begins at 0): a task that meets the same fault
-- again and again waits longer and longer.
ALTER TABLE leases ADD COLUMN stalls INTEGER NOT NULL DEFAULT 0;
