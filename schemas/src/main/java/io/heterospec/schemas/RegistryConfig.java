package io.heterospec.schemas;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/**
 * How to reach a schema registry. The keys are Confluent's, so that one configuration serves both
 * these classes and Confluent's own. TLS uses the trust store of the JVM.
 *
 * @throws ConfigException when a value is missing or unusable
 */
public final class RegistryConfig extends AbstractConfig {

  public static final String URL = "schema.registry.url";
  public static final String CREDENTIALS_SOURCE = "basic.auth.credentials.source";
  public static final String USER_INFO = "basic.auth.user.info";
  public static final String AUTO_REGISTER = "auto.register.schemas";
  public static final String USE_LATEST = "use.latest.version";
  public static final String MAX_RETRIES = "max.retries";
  public static final String RETRY_WAIT_MS = "retries.wait.ms";
  public static final String RETRY_MAX_WAIT_MS = "retries.max.wait.ms";
  public static final String TIMEOUT_MS = "http.read.timeout.ms";
  public static final String VALUE_SUBJECT_STRATEGY = "value.subject.name.strategy";
  public static final String KEY_SUBJECT_STRATEGY = "key.subject.name.strategy";

  private static final String TOPIC_NAME_STRATEGY =
      "io.confluent.kafka.serializers.subject.TopicNameStrategy";

  private static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              URL,
              Type.LIST,
              ConfigDef.NO_DEFAULT_VALUE,
              Importance.HIGH,
              "Addresses of the schema registry, separated by commas; tried in turn.")
          .define(
              CREDENTIALS_SOURCE,
              Type.STRING,
              "URL",
              ValidString.in("URL", "USER_INFO"),
              Importance.MEDIUM,
              "Where the user and password for basic authentication are: in the URL, or in "
                  + USER_INFO
                  + ".")
          .define(
              USER_INFO,
              Type.PASSWORD,
              "",
              Importance.MEDIUM,
              "USER:PASSWORD for basic authentication.")
          .define(
              AUTO_REGISTER,
              Type.BOOLEAN,
              true,
              Importance.MEDIUM,
              "Whether a serializer registers its schema; otherwise the schema must be there.")
          .define(
              USE_LATEST,
              Type.BOOLEAN,
              false,
              Importance.LOW,
              "Whether to write under the id of the subject's latest version, which must be the"
                  + " writer's schema up to documentation; only when "
                  + AUTO_REGISTER
                  + " is false.")
          .define(
              MAX_RETRIES,
              Type.INT,
              5,
              Range.atLeast(0),
              Importance.LOW,
              "How often to try again when no registry answers.")
          .define(
              RETRY_WAIT_MS,
              Type.LONG,
              200L,
              Range.atLeast(0),
              Importance.LOW,
              "Wait before the first retry, in milliseconds; doubles with every retry.")
          .define(
              RETRY_MAX_WAIT_MS,
              Type.LONG,
              2_000L,
              Range.atLeast(0),
              Importance.LOW,
              "Longest wait between two retries, in milliseconds.")
          .define(
              TIMEOUT_MS,
              Type.LONG,
              5_000L,
              Range.atLeast(1),
              Importance.LOW,
              "Longest time one request may take, connecting included, in milliseconds.")
          .define(
              VALUE_SUBJECT_STRATEGY,
              Type.STRING,
              TOPIC_NAME_STRATEGY,
              ValidString.in(TOPIC_NAME_STRATEGY),
              Importance.LOW,
              "The subject of a value's schema: TOPIC-value.")
          .define(
              KEY_SUBJECT_STRATEGY,
              Type.STRING,
              TOPIC_NAME_STRATEGY,
              ValidString.in(TOPIC_NAME_STRATEGY),
              Importance.LOW,
              "The subject of a key's schema: TOPIC-key.");

  private final List<URI> urls;

  /** Reads the registry's keys and ignores all others. Values are never logged. */
  public RegistryConfig(Map<String, ?> configs) {
    super(DEFINITION, configs, false);
    urls = getList(URL).stream().map(RegistryConfig::toUri).toList();
    if (urls.isEmpty()) {
      throw new ConfigException(URL + " is empty; give the address of a schema registry");
    }
    if (getString(CREDENTIALS_SOURCE).equals("USER_INFO") && !userInfo().value().contains(":")) {
      throw new ConfigException(USER_INFO + " is not of the form USER:PASSWORD");
    }
  }

  /** The keys with their defaults and documentation. */
  public static ConfigDef definition() {
    return new ConfigDef(DEFINITION);
  }

  /** The registry's addresses, without credentials and without a slash at the end. */
  List<URI> urls() {
    return urls.stream().map(RegistryConfig::withoutUserInfo).toList();
  }

  /** The value of the Authorization header for the i-th address, when one is configured. */
  Optional<String> authorization(int i) {
    String user =
        getString(CREDENTIALS_SOURCE).equals("USER_INFO")
            ? userInfo().value()
            : urls.get(i).getUserInfo();
    return Optional.ofNullable(user)
        .map(u -> Base64.getEncoder().encodeToString(u.getBytes(StandardCharsets.UTF_8)))
        .map(u -> "Basic " + u);
  }

  boolean autoRegister() {
    return getBoolean(AUTO_REGISTER);
  }

  boolean useLatest() {
    return getBoolean(USE_LATEST);
  }

  int maxRetries() {
    return getInt(MAX_RETRIES);
  }

  /** The wait before retry {@code n}, counted from 0. */
  Duration retryWait(int n) {
    double doubled = getLong(RETRY_WAIT_MS) * Math.pow(2, n);
    return Duration.ofMillis((long) Math.min(doubled, getLong(RETRY_MAX_WAIT_MS)));
  }

  Duration timeout() {
    return Duration.ofMillis(getLong(TIMEOUT_MS));
  }

  private Password userInfo() {
    return getPassword(USER_INFO);
  }

  private static URI toUri(String url) {
    try {
      URI uri = URI.create(url.strip().replaceAll("/+$", ""));
      if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Not chained: the cause's message repeats the address, which may hold a password.
      throw new ConfigException(URL + " holds an address that is not a URL");
    }
    throw new ConfigException(
        URL + " holds an address that is not of the form http://HOST:PORT or https://HOST:PORT");
  }

  private static URI withoutUserInfo(URI uri) {
    if (uri.getRawUserInfo() == null) {
      return uri;
    }
    return URI.create(uri.toString().replace(uri.getRawUserInfo() + "@", ""));
  }
}
