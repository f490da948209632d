"""Where the bytes lie, in a folder or a bucket: kept, delivered, checked, removed."""
