extension StringProtocol {
  /// The text as it may be shown on a terminal, whoever wrote it: escapes stand for what would act rather than
  /// be seen, which is control characters (C0, C1 and delete), marks that reorder or hide text (Unicode's format
  /// characters) and separators of lines and paragraphs.
  ///
  /// - Parameter keepingLines: leaves line feeds and tabs in, for a text of several lines.
  package func printable(keepingLines: Bool = false) -> String {
    func isShown(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isOnlySeen || (keepingLines && (scalar == "\n" || scalar == "\t"))
    }
    if unicodeScalars.allSatisfy(isShown) { return String(self) }
    var text = ""
    for scalar in unicodeScalars {
      if isShown(scalar) { text.unicodeScalars.append(scalar) } else { text += scalar.visibleEscape }
    }
    return text
  }
}

extension Unicode.Scalar {
  /// Whether a terminal shows it and does nothing else.
  package var isOnlySeen: Bool {
    if isASCII { return (0x20...0x7e).contains(value) }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  fileprivate var visibleEscape: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16))}"
    }
  }
}
