-- How often an evaluation was begun, so that one that ends the server each time does not do so for ever.

ALTER TABLE evaluations ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
