pub fn main() {
  Nil
}
