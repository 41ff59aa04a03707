/// Conditional requests (RFC 9110 §13).
extension ConformanceRow {
    static let conditions = match + noneMatch + modifiedSince + unmodifiedSince + precedence + dates

    private static let tag = ConformanceResources.tag
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"

    private static let match: [ConformanceRow] =
        [#""v1""#, "*", " * ", #""v0", "v1""#, #""v0","v1","v2""#, #"W/"v0", "v1""#, ",,\t\"v1\"\t,", #""v,0", "v1""#]
        .flatMap {
            [
                ask("9110 §13.1.1", "GET /strong", "If-Match: \($0)", status: 200, body: "done"),
                ask("9110 §13.1.1", "PUT /strong", "If-Match: \($0)", status: 200, body: "done"),
            ]
        }
        // Strong comparison: a weak tag matches nothing, not even itself.
        + [
            #""v0""#, #"W/"v1""#, #""V1""#, #""v1"#, #"v1""#, "v1", #""v1"x"#, #""v1""v2""#, #"w/"v1""#, #"W/ "v1""#,
            #"'v1'"#, "",
            ",", #""v0", *"#, #""v0 "v1""#, #""v0" "v1""#, #""v 1", "v0""#, #""""#,
        ].flatMap {
            [
                ask("9110 §13.1.1", "GET /strong", "If-Match: \($0)", status: 412),
                ask("9110 §13.1.1", "DELETE /strong", "If-Match: \($0)", status: 412),
            ]
        }
        + [
            ask("9110 §8.8.3.2", "GET /weak", #"If-Match: W/"v1""#, status: 412),
            ask("9110 §8.8.3.2", "GET /weak", #"If-Match: "v1""#, status: 412),
            ask("9110 §13.1.1", "GET /weak", "If-Match: *", status: 200),
            ask("9110 §13.1.1", "PUT /strong", #"If-Match: "v0""#, #"If-Match: "v1""#, status: 200),
            ask("9110 §13.1.1", "HEAD /digits.txt", "If-Match: \(tag)", status: 200, ["ETag": tag]),
            ask("9110 §13.1.1", "GET /digits.txt", #"If-Match: "b""#, status: 412),
            ask("9110 §13.2.1", "GET /none.txt", #"If-Match: "b""#, status: 404),
            ask("9110 §13.2.1", "PUT /", #"If-Match: "b""#, status: 405),
            ask("9110 §13.2.1", "OPTIONS /strong", #"If-Match: "b""#, status: 204),
        ]

    private static let noneMatch: [ConformanceRow] =
        [
            #""v1""#, #"W/"v1""#, "*", "\t*", #""v0", "v1""#, #""v0",W/"v1","v2""#, ",\t, \"v0\"\t,\t\"v1\"",
            #""v,0", "v1""#,
            #""", "v1""#, "\"\u{E9}\", \"v1\"",
        ].flatMap {
            [
                ask("9110 §13.1.2", "GET /strong", "If-None-Match: \($0)", status: 304, ["ETag": #""v1""#], body: ""),
                ask("9110 §13.1.2", "HEAD /weak", "If-None-Match: \($0)", status: 304, ["ETag": #"W/"v1""#], body: ""),
                ask("9110 §13.1.2", "PUT /strong", "If-None-Match: \($0)", status: 412),
                ask("9110 §13.1.2", "DELETE /weak", "If-None-Match: \($0)", status: 412),
            ]
        }
        + [
            #""v0""#, #""V1""#, "v1", #""v1"#, #"w/"v1""#, #"W/ "v1""#, #"'v1'"#, "", ",", "**", #""v0", *"#, #""v1"x"#,
            #""v0 "v1""#, #""v0" "v1""#, #"W/v1"#, #"W/"#,
        ].flatMap {
            [
                ask("9110 §13.1.2", "GET /strong", "If-None-Match: \($0)", status: 200, body: "done"),
                ask("9110 §13.1.2", "PUT /strong", "If-None-Match: \($0)", status: 200, body: "done"),
            ]
        }
        + [
            ask("9110 §13.1.2", "GET /strong", #"If-None-Match: "v0""#, #"If-None-Match: "v1""#, status: 304),
            ask(
                "9110 §15.4.5", "GET /digits.txt", "If-None-Match: \(tag)", status: 304,
                [
                    "ETag": tag, "Last-Modified": date, "Cache-Control": "no-cache", "Content-Type": nil,
                    "Content-Range": nil,
                ]),
            ask("9110 §13.1.2", "HEAD /digits.txt", "If-None-Match: W/\(tag)", status: 304, ["ETag": tag]),
            ask("9110 §13.2.1", "GET /none.txt", "If-None-Match: *", status: 404),
            ask("9110 §13.2.1", "OPTIONS /strong", "If-None-Match: *", status: 204),
        ]

    private static let modifiedSince: [ConformanceRow] = [
        ask(
            "9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: \(date)", status: 304,
            ["ETag": tag, "Last-Modified": date]),
        ask("9110 §13.1.3", "HEAD /digits.txt", "If-Modified-Since: \(date)", status: 304),
        ask("9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: \(after)", status: 304),
        ask("9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: Thu, 01 Jan 9999 00:00:00 GMT", status: 304),
        ask("9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: \(before)", status: 200),
        ask("9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: \(date), \(date)", status: 200),
        ask("9110 §13.1.3", "GET /digits.txt", "If-Modified-Since: \(date)", "If-Modified-Since: \(date)", status: 200),
        // No date is known of it.
        ask("9110 §13.1.3", "GET /strong", "If-Modified-Since: \(after)", status: 200),
        ask("9110 §13.1.3", "PUT /strong", "If-Modified-Since: \(after)", status: 200),
    ]

    private static let unmodifiedSince: [ConformanceRow] = [
        ask("9110 §13.1.4", "GET /digits.txt", "If-Unmodified-Since: \(date)", status: 200),
        ask("9110 §13.1.4", "GET /digits.txt", "If-Unmodified-Since: \(after)", status: 200),
        ask("9110 §13.1.4", "GET /digits.txt", "If-Unmodified-Since: \(before)", status: 412),
        ask("9110 §13.1.4", "HEAD /digits.txt", "If-Unmodified-Since: \(before)", status: 412),
        ask("9110 §13.1.4", "GET /digits.txt", "If-Unmodified-Since: yesterday", status: 200),
        ask("9110 §13.1.4", "GET /digits.txt", "If-Unmodified-Since: \(before), \(before)", status: 200),
        ask("9110 §13.1.4", "PUT /strong", "If-Unmodified-Since: \(before)", status: 200),
    ]

    /// The order of RFC 9110 §13.2.2.
    private static let precedence: [ConformanceRow] = [
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \(tag)", "If-Unmodified-Since: \(before)", status: 200),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \"b\"", "If-Unmodified-Since: \(after)", status: 412),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \(tag)", "If-None-Match: \(tag)", status: 304),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \"b\"", "If-None-Match: \(tag)", status: 412),
        ask("9110 §13.2.2", "PUT /strong", "If-Match: \"v1\"", "If-None-Match: \"v1\"", status: 412),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Unmodified-Since: \(before)", "If-None-Match: \(tag)", status: 412),
        ask(
            "9110 §13.2.2", "GET /digits.txt", "If-Unmodified-Since: \(date)", "If-Modified-Since: \(date)", status: 304
        ),
        ask("9110 §13.2.2", "GET /digits.txt", "If-None-Match: \"b\"", "If-Modified-Since: \(date)", status: 200),
        ask("9110 §13.2.2", "GET /digits.txt", "If-None-Match: \(tag)", "If-Modified-Since: \(before)", status: 304),
        ask("9110 §13.2.2", "GET /digits.txt", "If-None-Match: ", "If-Modified-Since: \(date)", status: 200),
        ask("9110 §13.2.2", "GET /digits.txt", "If-None-Match: \(tag)", "Range: bytes=0-1", status: 304),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \"b\"", "Range: bytes=99-", status: 412),
        ask("9110 §13.2.2", "GET /digits.txt", "If-Match: \(tag)", "Range: bytes=0-1", status: 206),
    ]

    /// RFC 9110 §5.6.7.
    private static let dates: [ConformanceRow] =
        [
            date, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994",
            // More than 50 years ahead would be 2095, so that this is 1995; 2000 and 2024 had a 29th of February.
            "Monday, 06-Nov-95 08:49:37 GMT", "Tue, 29 Feb 2000 00:00:00 GMT", "Thursday, 29-Feb-24 00:00:00 GMT",
            "Sat, 31 Dec 2016 23:59:60 GMT", "Tue Dec 31 23:59:59 2024",
        ].map { ask("9110 §5.6.7", "GET /digits.txt", "If-Modified-Since: \($0)", status: 304) }
        + [
            "Sunday, 06-Nov-93 08:49:37 GMT", "Sun Nov  6 08:49:36 1994", "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 01 Jan 1904 00:00:00 GMT", "Sat, 01 Jan 0000 00:00:00 GMT",
        ].map { ask("9110 §5.6.7", "GET /digits.txt", "If-Modified-Since: \($0)", status: 200) }
        // All of them later than the file, would they be dates.
        + [
            "", "0", "tomorrow", "2024-11-06T08:49:37Z", "Sun, 06 Nov 2024 08:49:37", "Sun, 06 Nov 2024 08:49:37 UTC",
            "Sun, 06 Nov 2024 08:49:37 +0000", "Sun, 06 Nov 2024 08:49:37 GMT x", "Sun, 06 Nov 2024 08:49 GMT",
            "Sun, 6 Nov 2024 08:49:37 GMT", "Sun 06 Nov 2024 08:49:37 GMT", "06 Nov 2024 08:49:37 GMT",
            "sun, 06 nov 2024 08:49:37 gmt", "Xyz, 06 Nov 2024 08:49:37 GMT", "Sunday, 06 Nov 2024 08:49:37 GMT",
            "Sun, 06 Xyz 2024 08:49:37 GMT", "Sun, 00 Nov 2024 08:49:37 GMT", "Sun, 31 Nov 2024 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT", "Sun, 06 Nov 2024 24:00:00 GMT", "Sun, 06 Nov 2024 08:60:37 GMT",
            "Sun, 06 Nov 2024 08:49:61 GMT", "Sun, 06 Nov 2024  8:49:37 GMT", "Sun, +6 Nov 2024 08:49:37 GMT",
            "Sun,  06 Nov 2024 08:49:37 GMT", "Sun, 06 Nov 20240 08:49:37 GMT", "Sun, 06-Nov-24 08:49:37 GMT",
            "Sunday, 06-Nov-2024 08:49:37 GMT", "Sunday, 6-Nov-24 08:49:37 GMT", "Sun Nov 6 08:49:37 2024",
            "Sun Nov  6 08:49:37 24", "Sun Nov  6 08:49:37 2024 GMT", "Sun Nov 0a 08:49:37 2024",
        ].map { ask("9110 §5.6.7", "GET /digits.txt", "If-Modified-Since: \($0)", status: 200) }
}
