package io.heterospec.processor.kv;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Hash of a sequence's first tokens, chained page by page: {@code h(0) = empty}, {@code h(i+1) =
 * SHA-256(h(i), tokens of page i)}. Equal hashes mean equal tokens, so keys and values under one
 * are those the model would compute.
 */
public final class PrefixHash {
  /** Of no tokens. */
  public static final PrefixHash EMPTY = new PrefixHash(new byte[0]);

  private final byte[] hash;

  private PrefixHash(byte[] hash) {
    this.hash = hash;
  }

  /** The hash after the tokens from {@code from} to {@code to} have followed. */
  public PrefixHash after(int[] tokens, int from, int to) {
    ByteBuffer bytes = ByteBuffer.allocate((to - from) * Integer.BYTES);
    for (int i = from; i < to; i++) {
      bytes.putInt(tokens[i]);
    }
    MessageDigest digest = sha256();
    digest.update(hash);
    return new PrefixHash(digest.digest(bytes.array()));
  }

  /** A copy of the hash: 32 bytes, or none for no tokens. */
  public byte[] toBytes() {
    return hash.clone();
  }

  /** Whether {@code other} are this hash's bytes. */
  public boolean matches(byte[] other) {
    return MessageDigest.isEqual(hash, other);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
