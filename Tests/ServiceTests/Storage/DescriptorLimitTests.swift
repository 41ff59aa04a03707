import Foundation
import Testing

@testable import Service

struct DescriptorLimitTests {
    @Test func raisesTheSoftLimit() {
        let raised = DescriptorLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(raised.count == Int(min(limit.rlim_cur, 1 << 17)))
        #expect(limit.rlim_cur == limit.rlim_max || limit.rlim_cur >= 1 << 17)
    }

    @Test(arguments: [(1024, 1, 440), (1024, 4, 416), (65_536, 1, 32_696), (160, 1, 20), (8, 1, 1)])
    func leavesAReserve(count: Int, slots: Int, connections: Int) {
        #expect(DescriptorLimit(count: count).connections(slots: slots) == connections)
    }
}
