/** The envelope of the camelCase profile; `data` is JSON text already. */
export function webEnvelope(action: string, seq: number, data: string): string {
  return `{"ver":1,"seq":${seq},"action":"${action}","data":${data}}`;
}
