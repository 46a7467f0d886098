package io.heterospec.processor.kv;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Keys and values of up to {@link PageFormat#rows()} successive tokens of a session, of target and
 * draft head. Row {@code j} of the head also depends on token {@code j+1}, so a page names one
 * token more than it has rows.
 *
 * @param model fingerprint of the model pair that computed it
 * @param dtype arithmetic type of the values
 * @param firstRow absolute position of its first row
 * @param prefix {@link PrefixHash} of the tokens before it
 * @param tokens token ids of its rows and of the one that follows: {@code rows + 1}
 * @param target {@code (layers, 2, kvHeads, rows, headDim)} little-endian values
 * @param head the same of the draft head, {@code (1, 2, kvHeads, rows, headDim)}; empty where no
 *     head has read these rows
 * @param checksum {@link #checksum} when it was written
 */
public record KvPage(
    String model,
    String dtype,
    int firstRow,
    byte[] prefix,
    int[] tokens,
    byte[] target,
    byte[] head,
    int checksum) {

  /** Rows of keys and values. */
  public int rows() {
    return tokens.length - 1;
  }

  /** Bytes of its keys and values. */
  public int bytes() {
    return target.length + head.length;
  }

  /** Whether nothing was changed since it was written. */
  public boolean intact() {
    return checksum == checksum(tokens, target, head);
  }

  /** CRC-32C over tokens, target and head. */
  static int checksum(int[] tokens, byte[] target, byte[] head) {
    CRC32C crc = new CRC32C();
    ByteBuffer ids = ByteBuffer.allocate(tokens.length * Integer.BYTES);
    ids.asIntBuffer().put(tokens);
    crc.update(ids);
    crc.update(target);
    crc.update(head);
    return (int) crc.getValue();
  }
}
