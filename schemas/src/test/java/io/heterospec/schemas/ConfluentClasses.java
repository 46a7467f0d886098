package io.heterospec.schemas;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Confluent's own serializer classes. Their repository is not the central one, but Apache Pinot
 * publishes them there inside an artifact of its own. Fetched once, 30 MB, into the local Maven
 * repository.
 */
final class ConfluentClasses {

  private static final String PATH =
      "org/apache/pinot/pinot-confluent-avro/1.5.0/pinot-confluent-avro-1.5.0-shaded.jar";
  private static final String SHA256 =
      "fcba31945ab17f393008f46975b37dd12516e59f536b0bec5a19ab9fd84464d1";

  private ConfluentClasses() {}

  /** A class loader that has them, behind the test's own; empty when they cannot be had. */
  static Optional<URLClassLoader> load() throws IOException, InterruptedException {
    String repository =
        System.getProperty(
            "maven.repo.local",
            Path.of(System.getProperty("user.home"), ".m2/repository").toString());
    Path jar = Path.of(repository).resolve(PATH);
    if (!isIntact(jar) && !fetch(jar)) {
      return Optional.empty();
    }
    return Optional.of(
        new URLClassLoader(
            new URL[] {jar.toUri().toURL()}, ConfluentClasses.class.getClassLoader()));
  }

  private static boolean fetch(Path jar) throws IOException, InterruptedException {
    Files.createDirectories(jar.getParent());
    Path part = Files.createTempFile(jar.getParent(), "shaded", ".part");
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("https://repo1.maven.org/maven2/" + PATH))
              .timeout(Duration.ofMinutes(2))
              .build();
      HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
      client.send(request, BodyHandlers.ofFile(part));
      if (!isIntact(part)) {
        return false;
      }
      Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (InterruptedException e) {
      throw e;
    } catch (IOException e) {
      // Offline: the caller skips its test and says so.
      return false;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static boolean isIntact(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest).equals(SHA256);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }
}
