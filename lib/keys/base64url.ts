/**
 * The bytes of base64url text (RFC 4648 §5). It must be what encoding them gives: no padding, no other characters,
 * unused bits zero, so that one value has one spelling (RFC 7515 §2, RFC 4648 §3.5).
 *
 * @returns `undefined` for any other text
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
