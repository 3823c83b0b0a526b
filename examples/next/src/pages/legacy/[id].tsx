export async function getServerSideProps({ params }: { params: { id: string } }) {
  if (params.id === "boom") throw new Error("props failed");
  return { props: params };
}

export default function Page({ id }: { id: string }) {
  return <p>{id}</p>;
}
