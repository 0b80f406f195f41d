package greeting

// Text is what is said.
const Text = "hello\n"
