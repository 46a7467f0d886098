package io.heterospec.topology.gateway;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

/**
 * Ids of asynchronous responses. A response id is also the request id of its prompt, so that a
 * prompt published twice under one idempotency key is answered once, whichever gateways took it.
 */
public final class ResponseIds {
  private static final String PREFIX = "resp_";
  private static final int HEX_DIGITS = 32;

  private ResponseIds() {}

  /** A new id. */
  public static String random() {
    return PREFIX + UUID.randomUUID().toString().replace("-", "");
  }

  /** A new id of a response that cannot be fetched: nothing follows it. */
  public static String unkept() {
    return UUID.randomUUID().toString();
  }

  /** The id that belongs to an owner's idempotency key. */
  public static String of(String owner, String idempotencyKey) {
    String hash = sha256((owner + '\n' + idempotencyKey).getBytes(StandardCharsets.UTF_8));
    return PREFIX + hash.substring(0, HEX_DIGITS);
  }

  /** Whether a request id is that of an asynchronous response. */
  public static boolean isResponse(String requestId) {
    return requestId.startsWith(PREFIX);
  }

  /** SHA-256 in hexadecimal. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
