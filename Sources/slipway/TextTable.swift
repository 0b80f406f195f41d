import Telemetry

/// Columns for people: as wide as their widest cell, two spaces between.
struct TextTable {
    /// Cells with what is put around them on a terminal, which takes no room.
    private var rows: [[(text: String, style: (String) -> String)]] = []

    init(_ header: [String]) {
        add(header)
    }

    /// - Parameter styles: how to show cells, by column.
    mutating func add(_ row: [String], styles: [Int: (String) -> String] = [:]) {
        rows.append(row.enumerated().map { (TerminalText.plain($0.element), styles[$0.offset] ?? { $0 }) })
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].text.count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell.style(cell.text)
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.text.count + 2)
                }
            }
            return line
        }.joined(separator: "\n")
    }
}
