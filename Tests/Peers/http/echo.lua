-- For wrk: 250 KB there and back.
wrk.method = "POST"
wrk.body = string.rep("x", 250000)
wrk.headers["Content-Type"] = "application/octet-stream"
