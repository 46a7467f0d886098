package io.heterospec.topology.serve;

import io.heterospec.topology.embedded.UnusableResourceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API keys of a file: one a line, its name and the SHA-256 of the key in hexadecimal. Keys are
 * random and have 256 bits, so that a plain hash cannot be reversed by guessing. A line that is
 * removed or added counts without a restart.
 */
public final class ApiKeys {
  private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
  private static final int KEY_BYTES = 32;
  private static final String PREFIX = "sk-hs-";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern LINE = Pattern.compile("(\\S+)\\s+([0-9a-fA-F]{64})");

  private final Path file;
  private Map<String, byte[]> hashes;
  private FileTime read;

  private ApiKeys(Path file) throws IOException {
    this.file = file;
    this.read = Files.getLastModifiedTime(file);
    this.hashes = parse(file);
  }

  /**
   * Reads a file of keys.
   *
   * @throws UnusableResourceException naming the file, and the line that is wrong
   */
  public static ApiKeys open(Path file) {
    try {
      return new ApiKeys(file);
    } catch (IOException e) {
      throw new UnusableResourceException(
          "the file of API keys %s cannot be read; create it with 'heterospec api-key --file %s --name NAME'"
              .formatted(file, file),
          e);
    }
  }

  /**
   * Makes a key and adds its hash to a file, which only its owner may read.
   *
   * @param name of its holder
   * @return the key, which is kept nowhere
   * @throws IllegalArgumentException when the name is not legal or taken
   */
  public static String create(Path file, String name) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the name '%s' of a key must be 1 to 64 letters, digits, '.', '_' or '-'"
              .formatted(name));
    }
    if (!Files.exists(file)) {
      Files.createFile(file);
      if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      }
    } else if (parse(file).containsKey(name)) {
      throw new IllegalArgumentException(
          "%s has a key named '%s' already; choose another name, or remove its line"
              .formatted(file, name));
    }
    byte[] secret = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(secret);
    String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    Files.writeString(
        file,
        "%s%s %s%n"
            .formatted(
                endsWithinALine(file) ? System.lineSeparator() : "",
                name,
                HexFormat.of().formatHex(hash(key))),
        StandardOpenOption.APPEND);
    return key;
  }

  // As editors may leave it.
  private static boolean endsWithinALine(Path file) throws IOException {
    String text = Files.readString(file);
    return !text.isEmpty() && !text.endsWith("\n") && !text.endsWith("\r");
  }

  private static Map<String, byte[]> parse(Path file) throws IOException {
    Map<String, byte[]> hashes = new LinkedHashMap<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      var parts = LINE.matcher(text);
      if (!parts.matches()) {
        throw new UnusableResourceException(
            "%s line %d is no name and SHA-256 hash of a key".formatted(file, number));
      }
      hashes.put(parts.group(1), HexFormat.of().parseHex(parts.group(2)));
    }
    return hashes;
  }

  /**
   * Whose key this is. Takes the same time whichever hash it is compared with, and how much of it
   * agrees.
   */
  public Optional<String> holder(String key) {
    byte[] presented = hash(key);
    String holder = null;
    for (Map.Entry<String, byte[]> known : current().entrySet()) {
      if (MessageDigest.isEqual(presented, known.getValue())) {
        holder = known.getKey();
      }
    }
    return Optional.ofNullable(holder);
  }

  private synchronized Map<String, byte[]> current() {
    try {
      FileTime modified = Files.getLastModifiedTime(file);
      if (!modified.equals(read)) {
        hashes = parse(file);
        read = modified;
      }
    } catch (IOException | UnusableResourceException e) {
      LOG.error("the API keys stay as they were: {}", e.getMessage());
    }
    return hashes;
  }

  private static byte[] hash(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
