/** The envelope of the PascalCase profile; `data` is JSON text already. */
export function legacyEnvelope(action: string, seq: number, data: string): string {
  return `{"Ver":0,"Seq":${seq},"Action":"${action}","Data":${data},"Extra":null}`;
}
