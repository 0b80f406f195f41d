export default function Index() {
  return <p>hello</p>;
}
