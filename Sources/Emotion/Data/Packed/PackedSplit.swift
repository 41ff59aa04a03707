import Engine
import Foundation
import Platform

/// The clips of a split in a packed file (``PackedSplitLayout``), which is mapped and not read: processes that have the same
/// file open share one copy of its rows, and start without waiting for it.
///
/// Nothing the file declares is trusted: everything that is handed out lies inside the mapping. Lengths, labels and ids are
/// compared with the digest at once; that of the rows takes reading all of them, and is the caller's to ask for
/// (``faultInRows()``).
///
/// The file must keep its bytes while it is in use; one that is replaced gets another name.
package struct PackedSplit: Sendable {
    package let clips: Clips
    /// Over the content, however it was uploaded: `sha256:…`.
    package let contentDigest: String
    private let file: SafetensorsFile
    private let name: String

    /// - Throws: ``DatasetError``.
    package init(path: String) throws(DatasetError) {
        name = (path as NSString).lastPathComponent
        do throws(SafetensorsError) {
            file = try SafetensorsFile(path: path)
            let reader = PackedSplitReader(file: file)
            contentDigest = try reader.checkHeader()
            clips = try reader.clips()
        } catch {
            throw DatasetError(file: name, field: error.tensor ?? "file", reason: error.reason)
        }
    }

    /// Reads all rows and compares them with their digests; nil when they agree.
    package func faultInRows() -> DatasetError? {
        for (tensor, entry) in file.tensors.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound })
        where tensor.hasPrefix(PackedSplitLayout.rowsPrefix) {
            guard SHA256.digest(of: file.bytes(of: entry)) == file.metadata[PackedSplitLayout.Key.digest(tensor)] else {
                return DatasetError(file: name, field: tensor, reason: PackedSplitReader.changed)
            }
        }
        return nil
    }
}
