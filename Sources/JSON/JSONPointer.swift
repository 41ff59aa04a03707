/// JSON pointers (RFC 6901), which travel as text: `/clips/3/text`, empty for the whole document.
package enum JSONPointer {
    /// The pointer to a member of the object at `base`.
    package static func member(_ name: String, of base: String = "") -> String {
        var pointer = base + "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
        return pointer
    }

    /// The names and positions that a pointer is made of, as they are in the document.
    package static func tokens(_ pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(unescaped)
    }

    private static func unescaped(_ token: Substring) -> String {
        var name = ""
        var isEscape = false
        for scalar in token.unicodeScalars {
            // One pass: ~01 is the name ~1 and not a slash.
            if isEscape {
                name.unicodeScalars.append(scalar == "0" ? "~" : scalar == "1" ? "/" : scalar)
                isEscape = false
            } else if scalar == "~" {
                isEscape = true
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        return name
    }
}
