/** The part of node-forge's ASN.1 module that is used; the package ships no types. */
declare namespace asn1 {
  interface Asn1 {
    tagClass: number;
    type: number;
    constructed: boolean;
    value: string | Asn1[];
  }
  interface Bytes {
    getBytes(): string;
  }
  const Class: { UNIVERSAL: number; CONTEXT_SPECIFIC: number };
  const Type: {
    BOOLEAN: number;
    INTEGER: number;
    BITSTRING: number;
    OCTETSTRING: number;
    OID: number;
    UTF8: number;
    SEQUENCE: number;
    SET: number;
    UTCTIME: number;
    GENERALIZEDTIME: number;
  };
  function create(
    tagClass: number,
    type: number,
    constructed: boolean,
    value: string | Asn1[],
  ): Asn1;
  function toDer(node: Asn1): Bytes;
  function fromDer(bytes: string): Asn1;
  function oidToDer(dotted: string): Bytes;
  function dateToUtcTime(date: Date): string;
  function dateToGeneralizedTime(date: Date): string;
}
export default asn1;
