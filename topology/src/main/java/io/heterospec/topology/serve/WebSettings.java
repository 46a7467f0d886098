package io.heterospec.topology.serve;

import io.heterospec.topology.HeteroSpecConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;

/**
 * How HTTP is served.
 *
 * @param host address to listen on
 * @param port 0 for any free one
 * @param apiKeys file of key hashes; empty when no key is asked for
 * @param tls certificate and key; empty for plain HTTP
 * @param corsOrigins whose pages may use it
 * @param maxRequestBytes longest body
 * @param maxUnreadBytes most bytes kept for a slow reader
 * @param requestsPerMinute of each key; 0 for no limit
 */
public record WebSettings(
    String host,
    int port,
    Optional<Path> apiKeys,
    Optional<Tls> tls,
    List<String> corsOrigins,
    int maxRequestBytes,
    int maxUnreadBytes,
    int requestsPerMinute) {

  /** PEM files. */
  public record Tls(Path certificate, Path key) {}

  /**
   * @throws ConfigException when an address other than loopback has no keys
   */
  public WebSettings {
    if (!isLoopback(host) && apiKeys.isEmpty()) {
      throw new ConfigException(
          HeteroSpecConfig.HTTP_HOST,
          host,
          "an address that others can reach needs API keys: create one with 'heterospec api-key' and"
              + " name its file in "
              + HeteroSpecConfig.API_KEYS);
    }
  }

  /**
   * @throws ConfigException naming the key that is wrong
   */
  public static WebSettings of(HeteroSpecConfig config) {
    return new WebSettings(
        config.getString(HeteroSpecConfig.HTTP_HOST),
        config.getInt(HeteroSpecConfig.HTTP_PORT),
        path(config, HeteroSpecConfig.API_KEYS),
        tls(config),
        config.getList(HeteroSpecConfig.CORS_ORIGINS),
        config.getInt(HeteroSpecConfig.MAX_REQUEST_BYTES),
        config.getInt(HeteroSpecConfig.MAX_UNREAD_BYTES),
        config.getInt(HeteroSpecConfig.REQUESTS_PER_MINUTE));
  }

  private static Optional<Tls> tls(HeteroSpecConfig config) {
    Optional<Path> certificate = path(config, HeteroSpecConfig.TLS_CERTIFICATE);
    Optional<Path> key = path(config, HeteroSpecConfig.TLS_KEY);
    if (certificate.isPresent() != key.isPresent()) {
      throw new ConfigException(
          "give both %s and %s, or neither"
              .formatted(HeteroSpecConfig.TLS_CERTIFICATE, HeteroSpecConfig.TLS_KEY));
    }
    return certificate.map(chain -> new Tls(chain, key.get()));
  }

  private static Optional<Path> path(HeteroSpecConfig config, String key) {
    String value = config.getString(key);
    return value.isBlank() ? Optional.empty() : Optional.of(Path.of(value));
  }

  /** The same on another port. */
  public WebSettings withPort(int other) {
    return new WebSettings(
        host, other, apiKeys, tls, corsOrigins, maxRequestBytes, maxUnreadBytes, requestsPerMinute);
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new ConfigException(HeteroSpecConfig.HTTP_HOST, host, "it is no known address");
    }
  }
}
