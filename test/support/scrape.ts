/** Reads the metrics page as Prometheus does. */

export type Samples = ReadonlyMap<string, number>;

/** By `name` or `name{label="value"}`. */
export function readSamples(page: string): Samples {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
}

/** Of the server whose API is at `http`. */
export async function scrape(http: string, headers: Readonly<Record<string, string>> = {}): Promise<Samples> {
  const response = await fetch(new URL('/metrics', http), { headers });
  const page = await response.text();
  if (response.status !== 200) throw new Error(`/metrics: ${response.status} ${page}`);
  return readSamples(page);
}
