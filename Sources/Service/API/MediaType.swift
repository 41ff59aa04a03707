import HTTP
import HTTPTypes

enum MediaType {
    /// Type and subtype of a body in lower case, without parameters (RFC 9110 §8.3.1); nil when it is not said.
    static func name(_ fields: RequestFields) -> String? {
        fields[.contentType].map { $0.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased() }
    }
}
