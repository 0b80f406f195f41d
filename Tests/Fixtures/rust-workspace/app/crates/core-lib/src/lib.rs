pub fn text() -> &'static str {
    "hello\n"
}
