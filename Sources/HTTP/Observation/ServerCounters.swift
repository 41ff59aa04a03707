package import HTTPTypes

/// What a server has done since its start. Each event queue counts for itself; they are added up when someone asks.
package struct ServerCounters: Sendable {
    /// Of the requests that a route answered.
    package struct RouteCounters: Sendable {
        package let method: HTTPRequest.Method?
        /// Such as `/v1/jobs/{id}`.
        package let pattern: String?
        /// How many answers had a status; 0 stands for a connection that ended before there was one.
        package private(set) var answers: [(status: Int, count: Int)] = []
        package private(set) var durations = Histogram()

        fileprivate init(_ route: Route?) {
            method = route?.method
            pattern = route?.pattern
        }

        fileprivate mutating func count(_ status: Int, _ more: Int = 1) {
            if let index = answers.firstIndex(where: { $0.status == status }) {
                answers[index].count += more
            } else {
                answers.append((status, more))
            }
        }

        fileprivate mutating func count(_ exchange: borrowing Exchange) {
            count(exchange.status?.code ?? 0)
            durations.add(nanoseconds: exchange.nanoseconds)
        }

        fileprivate mutating func add(_ other: RouteCounters) {
            for (status, count) in other.answers { self.count(status, count) }
            durations.add(other.durations)
        }
    }

    /// First of the requests that reached no route, then by route.
    package private(set) var routes: [RouteCounters]
    /// Connections taken in.
    package var connections = 0
    package var openConnections = 0
    /// Handshakes of TLS that came to an end.
    package var handshakes = 0
    package var failedHandshakes = 0
    /// As they came over the connections; those of TLS without its own.
    package var bytesReceived = 0
    package var bytesSent = 0
    /// Requests and connections that the server refused, or cut off for being slow, by the code of the reason.
    package private(set) var refusals: [String: Int] = [:]

    init(routes: [Route]) {
        self.routes = [RouteCounters(nil)] + routes.map { RouteCounters($0) }
    }

    mutating func count(_ exchange: borrowing Exchange) {
        routes[exchange.route.map { $0.index + 1 } ?? 0].count(exchange)
    }

    mutating func refuse(_ code: String) {
        refusals[code, default: 0] += 1
    }

    mutating func add(_ other: ServerCounters) {
        for index in routes.indices { routes[index].add(other.routes[index]) }
        connections += other.connections
        handshakes += other.handshakes
        failedHandshakes += other.failedHandshakes
        bytesReceived += other.bytesReceived
        bytesSent += other.bytesSent
        refusals.merge(other.refusals, uniquingKeysWith: +)
    }
}

/// How many durations, or other numbers, were at most so large.
package struct Histogram: Sendable {
    /// Of durations, in microseconds.
    package static let microseconds = [
        100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]

    /// In ascending order; one more bucket takes the rest.
    package let bounds: [Int]
    /// By bound, each without those of the bounds before.
    package private(set) var counts: [Int]
    /// Of durations in nanoseconds.
    package private(set) var sum: UInt64 = 0

    package init(bounds: [Int] = microseconds) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    package mutating func add(nanoseconds: UInt64) {
        count(Int(nanoseconds / 1000))
        sum += nanoseconds
    }

    /// - Precondition: the number is not negative.
    package mutating func add(_ number: Int) {
        count(number)
        sum += UInt64(number)
    }

    private mutating func count(_ number: Int) {
        counts[bounds.firstIndex { number <= $0 } ?? bounds.count] += 1
    }

    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }
}

/// An error with a stable code, by which refusals are counted.
package protocol CodedError: Error {
    var code: String { get }
}
