package io.heterospec.topology;

import static org.apache.kafka.common.config.ConfigDef.Range.atLeast;
import static org.apache.kafka.common.config.ConfigDef.Range.between;

import io.heterospec.schemas.Topics;
import io.heterospec.topology.route.DeadLetterDeserializationHandler;
import io.heterospec.topology.route.DeadLetterProcessingHandler;
import io.heterospec.topology.route.DeadLetterProductionHandler;
import io.heterospec.topology.route.RecordLimit;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.StateMemory;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Settings of the application. Keys that are not listed here pass through to Kafka Streams, its
 * clients and the Avro serde.
 */
public final class HeteroSpecConfig extends AbstractConfig {
  public static final String APPLICATION_ID = "heterospec.application.id";
  public static final String TOPIC_PREFIX = "heterospec.topic.prefix";
  public static final String PARTITIONS = "heterospec.topic.partitions";
  public static final String REPLICATION = "heterospec.topic.replication";
  public static final String POOL = "heterospec.pool";
  public static final String ROUTES = "heterospec.routes";
  public static final String MODEL_NAME = "heterospec.model.name";
  public static final String MAX_PROMPT_BYTES = "heterospec.max.prompt.bytes";
  public static final String MAX_RECORD_BYTES = "heterospec.max.record.bytes";
  public static final String COMMIT_INTERVAL_MS = "heterospec.commit.interval.ms";
  public static final String PUNCTUATE_INTERVAL_MS = "heterospec.punctuate.interval.ms";
  public static final String WORK_BUDGET = "heterospec.punctuate.work.budget";
  public static final String MAX_ATTEMPTS = "heterospec.max.attempts";
  public static final String RETRY_BACKOFF_MS = "heterospec.retry.backoff.ms";
  public static final String SESSION_TTL_MS = "heterospec.session.ttl.ms";
  public static final String REQUEST_ID_RETENTION_MS = "heterospec.request.id.retention.ms";
  public static final String SESSION_KV_CHANGELOG = "heterospec.session.kv.changelog";
  public static final String SESSION_OVERFLOW = "heterospec.session.overflow";
  public static final String STATE_DIR = "heterospec.state.dir";
  public static final String STATE_MEMORY_MB = "heterospec.state.memory.mb";
  public static final String HTTP_HOST = "heterospec.http.host";
  public static final String HTTP_PORT = "heterospec.http.port";
  public static final String API_KEYS = "heterospec.http.api.keys";
  public static final String TLS_CERTIFICATE = "heterospec.http.tls.certificate";
  public static final String TLS_KEY = "heterospec.http.tls.key";
  public static final String CORS_ORIGINS = "heterospec.http.cors.origins";
  public static final String MAX_REQUEST_BYTES = "heterospec.http.max.request.bytes";
  public static final String MAX_UNREAD_BYTES = "heterospec.http.max.unread.bytes";
  public static final String REQUESTS_PER_MINUTE = "heterospec.http.requests.per.minute";
  public static final String MAX_OPEN = "heterospec.gateway.max.open";
  public static final String TIMEOUT_MS = "heterospec.gateway.timeout.ms";
  public static final String RESPONSE_RETENTION_MS = "heterospec.gateway.response.retention.ms";

  private static final String ROUTER_COMMIT_MS = "100";
  // Kafka Streams' own interval in processors: text would not wait longer for its commit.
  private static final int LONGEST_COMMIT_MS = 1000;
  private static final String SESSION_TIMEOUT_MS = "6000";
  private static final int LEAST_BUFFER_BYTES = 32 << 20; // Kafka's default
  private static final Duration LONGEST_TRANSACTION = Duration.ofSeconds(5);
  private static final long MOST_CHANGELOGGED_ROW_BYTES = 16 << 10;
  private static final int LEAST_FOR_PAGES = 640 << 10; // they have up to 512 KiB
  private static final int ANY_PORT = 0;
  private static final Set<String> ANY_ADDRESS = Set.of("0.0.0.0", "::", "[::]");
  private static final long HOUR_MS = 3_600_000L;
  private static final ConfigDef DEFINITION = define();

  private HeteroSpecConfig(Map<?, ?> settings) {
    super(DEFINITION, settings, false);
  }

  /**
   * Settings from a file or a command line.
   *
   * @throws ConfigException naming the key, its value and what is legal
   */
  public static HeteroSpecConfig fromMap(Map<String, ?> settings) {
    HeteroSpecConfig config = new HeteroSpecConfig(settings);
    config.routes();
    return config;
  }

  /** All keys with their types, defaults and documentation. */
  public static ConfigDef definition() {
    return new ConfigDef(DEFINITION);
  }

  private static ConfigDef define() {
    return new ConfigDef()
        .define(
            APPLICATION_ID,
            Type.STRING,
            "heterospec",
            Importance.MEDIUM,
            "Start of the Kafka Streams application ids; the role, and for processors the pool, is appended.")
        .define(
            TOPIC_PREFIX,
            Type.STRING,
            Topics.DEFAULT_PREFIX,
            Importance.MEDIUM,
            "What every topic name starts with.")
        .define(
            PARTITIONS,
            Type.INT,
            6,
            atLeast(1),
            Importance.MEDIUM,
            "Partitions of topics this application creates: the most processor threads of a pool.")
        .define(
            REPLICATION,
            Type.SHORT,
            (short) -1,
            Importance.MEDIUM,
            "Replicas of topics this application creates; -1 for the broker's default.")
        .define(
            POOL,
            Type.STRING,
            "default",
            Importance.HIGH,
            "Pool whose requests a processor serves. All processors of a pool serve the same model.")
        .define(
            ROUTES,
            Type.LIST,
            List.of(),
            Importance.HIGH,
            "Which pool serves a model: a list of model:pool. The first is the default of prompts that"
                + " name no model. Empty: heterospec.model.name is served by heterospec.pool.")
        .define(
            MODEL_NAME,
            Type.STRING,
            "demo",
            Importance.HIGH,
            "Name that prompt events use for the model of this process.")
        .define(
            MAX_PROMPT_BYTES,
            Type.INT,
            256 * 1024,
            atLeast(1),
            Importance.LOW,
            "Longest prompt the router accepts, in bytes of UTF-8 over all its messages.")
        .define(
            MAX_RECORD_BYTES,
            Type.INT,
            1 << 20,
            between(64 << 10, 512 << 20),
            Importance.LOW,
            "Largest record that the cluster takes (message.max.bytes of the brokers). What would not fit"
                + " ends as a completion with an error. Dead letters may have twice as much, for what"
                + " is said about them.")
        .define(
            COMMIT_INTERVAL_MS,
            Type.LONG,
            100L,
            between(1, LONGEST_COMMIT_MS),
            Importance.MEDIUM,
            "Least time between commits of generated text: latency for read_committed readers against"
                + " load on the broker. A completion waits a quarter of it at most.")
        .define(
            PUNCTUATE_INTERVAL_MS,
            Type.LONG,
            10L,
            between(1, 1_000),
            Importance.LOW,
            "How often finished cycles are taken from the engine.")
        .define(
            WORK_BUDGET,
            Type.INT,
            512,
            atLeast(1),
            Importance.LOW,
            "Most cycles that one punctuation forwards.")
        .define(
            MAX_ATTEMPTS,
            Type.INT,
            3,
            atLeast(1),
            Importance.LOW,
            "How often a generation is tried before an engine failure is final.")
        .define(
            RETRY_BACKOFF_MS,
            Type.LONG,
            500L,
            between(1, 60_000),
            Importance.LOW,
            "Wait before a generation that failed in the engine is tried again; it doubles with each"
                + " attempt, up to a minute.")
        .define(
            SESSION_TTL_MS,
            Type.LONG,
            24 * HOUR_MS,
            atLeast(1),
            Importance.MEDIUM,
            "How long an idle session is kept.")
        .define(
            SESSION_OVERFLOW,
            Type.STRING,
            SessionOverflow.REJECT.label(),
            ConfigDef.ValidString.in(SessionOverflow.labels().toArray(String[]::new)),
            Importance.MEDIUM,
            "What happens when a session's next turn does not fit the model's context. reject: the turn"
                + " fails. drop-oldest: its oldest turns are forgotten until half the context is free;"
                + " system messages stay.")
        .define(
            SESSION_KV_CHANGELOG,
            Type.STRING,
            "auto",
            ConfigDef.ValidString.in("auto", "true", "false"),
            Importance.MEDIUM,
            "Whether caches of sessions are changelogged, so that they survive the instance. auto: where a"
                + " token takes at most 16 KiB; otherwise another instance computes them again.")
        .define(
            REQUEST_ID_RETENTION_MS,
            Type.LONG,
            HOUR_MS,
            atLeast(1),
            Importance.LOW,
            "How long finished request ids are remembered: a prompt event that comes again within it is"
                + " not run again. Cancellations that come before their prompt wait as long.")
        .define(
            STATE_DIR,
            Type.STRING,
            "data/state",
            Importance.MEDIUM,
            "Directory of the local state stores; it may be lost, the changelogs restore it.")
        .define(
            STATE_MEMORY_MB,
            Type.INT,
            96,
            atLeast(16),
            Importance.LOW,
            "Memory of all state stores of a processor together, beside Java's, in MiB.")
        .define(
            HTTP_HOST,
            Type.STRING,
            "127.0.0.1",
            Importance.MEDIUM,
            "Address that HTTP is served on. Any but a loopback address needs heterospec.http.api.keys.")
        .define(
            HTTP_PORT,
            Type.INT,
            8080,
            between(0, 65_535),
            Importance.MEDIUM,
            "Port that HTTP is served on; 0 for any free one.")
        .define(
            API_KEYS,
            Type.STRING,
            "",
            Importance.HIGH,
            "File of the API keys' hashes, written by 'heterospec api-key'. Empty: no key is asked for.")
        .define(
            TLS_CERTIFICATE,
            Type.STRING,
            "",
            Importance.MEDIUM,
            "PEM file of the certificate chain; with it HTTPS is served and nothing else.")
        .define(
            TLS_KEY,
            Type.STRING,
            "",
            Importance.MEDIUM,
            "PEM file of the certificate's private key, unencrypted.")
        .define(
            CORS_ORIGINS,
            Type.LIST,
            List.of(),
            Importance.LOW,
            "Origins whose web pages may use the gateway, such as https://app.example.org. Empty: none.")
        .define(
            MAX_REQUEST_BYTES,
            Type.INT,
            1024 * 1024,
            atLeast(1),
            Importance.LOW,
            "Longest HTTP request body.")
        .define(
            MAX_UNREAD_BYTES,
            Type.INT,
            256 * 1024,
            atLeast(1),
            Importance.LOW,
            "Most bytes kept for a client that reads slower than its text comes; beyond them it is"
                + " disconnected and its generation cancelled.")
        .define(
            REQUESTS_PER_MINUTE,
            Type.INT,
            0,
            atLeast(0),
            Importance.LOW,
            "Most HTTP requests a minute of each API key, or of all clients where no keys are in use;"
                + " 0 for no limit.")
        .define(
            MAX_OPEN,
            Type.INT,
            256,
            atLeast(1),
            Importance.MEDIUM,
            "Most requests that a gateway has accepted and that have not ended; further ones are"
                + " refused with status 429.")
        .define(
            TIMEOUT_MS,
            Type.LONG,
            600_000L,
            atLeast(1),
            Importance.LOW,
            "How long a gateway's client waits for the end of a text before it is cancelled; with an"
                + " Idempotency-Key it goes on.")
        .define(
            RESPONSE_RETENTION_MS,
            Type.LONG,
            2 * HOUR_MS,
            atLeast(1),
            Importance.LOW,
            "How long asynchronous responses can be fetched after they last changed. Keep it above "
                + REQUEST_ID_RETENTION_MS
                + ": a call that comes again with its Idempotency-Key between the two is neither run"
                + " again nor answered.");
  }

  public Topics topics() {
    return new Topics(getString(TOPIC_PREFIX));
  }

  public String pool() {
    return getString(POOL);
  }

  /**
   * Pool of each model, in the order given; the first model is the default.
   *
   * @throws ConfigException for an entry that is not {@code model:pool}
   */
  public Map<String, String> routes() {
    Map<String, String> routes = new LinkedHashMap<>();
    for (String entry : getList(ROUTES)) {
      int colon = entry.lastIndexOf(':');
      if (colon < 1 || colon == entry.length() - 1) {
        throw new ConfigException(ROUTES, entry, "each entry must be model:pool");
      }
      routes.put(entry.substring(0, colon), entry.substring(colon + 1));
    }
    if (routes.isEmpty()) {
      routes.put(getString(MODEL_NAME), pool());
    }
    return routes;
  }

  /** How long a processor that lives keeps a transaction open at most: it commits all the time. */
  Duration longestTransaction() {
    return LONGEST_TRANSACTION;
  }

  /** What records may weigh. */
  public RecordLimit recordLimit() {
    return new RecordLimit(getInt(MAX_RECORD_BYTES));
  }

  /** What a dead letter may weigh: any record and, in headers, why it is one. */
  int deadLetterBytes() {
    return 2 * getInt(MAX_RECORD_BYTES);
  }

  /**
   * Whether the pages of session caches are changelogged.
   *
   * @param rowBytes bytes of a token in the caches
   */
  public boolean changelogsPages(long rowBytes) {
    String setting = getString(SESSION_KV_CHANGELOG);
    return setting.equals("auto")
        ? rowBytes <= MOST_CHANGELOGGED_ROW_BYTES && getInt(MAX_RECORD_BYTES) >= LEAST_FOR_PAGES
        : Boolean.parseBoolean(setting);
  }

  /** What the user gave for clients and serdes: all but what only Kafka Streams understands. */
  public Map<String, Object> clientSettings() {
    Map<String, Object> settings = streamsSettings();
    settings.remove(StreamsConfig.GROUP_PROTOCOL_CONFIG);
    return settings;
  }

  /** The settings of the plain producers: they take records as large as the cluster does. */
  public Map<String, Object> producerSettings() {
    Map<String, Object> settings = clientSettings();
    int most = getInt(MAX_RECORD_BYTES);
    settings.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, most);
    // Nor does a producer take a record that is larger than all of its memory.
    settings.putIfAbsent(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(LEAST_BUFFER_BYTES, most));
    return settings;
  }

  private Map<String, Object> streamsSettings() {
    Map<String, Object> settings = new HashMap<>(originals());
    settings
        .keySet()
        .removeIf(key -> key.startsWith("heterospec.") && !key.startsWith("heterospec.avro."));
    return settings;
  }

  /**
   * Kafka Streams' settings of the router. It runs at least once: request ids make routed prompts
   * that it repeats harmless, and a second transaction would cost every prompt its commit interval.
   * A crash may repeat the refusals of the last {@value #ROUTER_COMMIT_MS} ms.
   */
  public Properties routerProperties() {
    Properties properties = common("router");
    properties.putIfAbsent(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    properties.putIfAbsent(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, ROUTER_COMMIT_MS);
    properties.put(
        StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG,
        DeadLetterProductionHandler.class.getName());
    // A prompt waits for no other; those of a burst still share requests while one is on its way.
    defaultOf(properties, StreamsConfig.PRODUCER_PREFIX, ProducerConfig.LINGER_MS_CONFIG, "0");
    return properties;
  }

  /** Kafka Streams' settings of a processor: exactly once. */
  public Properties processorProperties() {
    Properties properties = common("processor-" + pool());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    String host = getString(HTTP_HOST);
    boolean known = getInt(HTTP_PORT) != ANY_PORT && !ANY_ADDRESS.contains(host);
    if (originals().containsKey(HTTP_PORT) && known) {
      // Where other instances ask for the sessions of this one.
      properties.putIfAbsent(
          StreamsConfig.APPLICATION_SERVER_CONFIG, host + ":" + getInt(HTTP_PORT));
    }
    // Long enough for all that one punctuation forwards to go out in one request.
    defaultOf(properties, StreamsConfig.PRODUCER_PREFIX, ProducerConfig.LINGER_MS_CONFIG, "2");
    // What delays a punctuation most. (A router has none, and is woken by its records.)
    properties.putIfAbsent(
        StreamsConfig.POLL_MS_CONFIG, Long.toString(getLong(PUNCTUATE_INTERVAL_MS)));
    // Between two polls a stream thread processes all that it has (of a burst 1000 records of each
    // partition by default), with as many commits in between as fall due: that takes seconds.
    defaultOf(
        properties,
        StreamsConfig.MAIN_CONSUMER_PREFIX,
        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
        "20");
    properties.putIfAbsent(
        StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, StateMemory.Sharing.class.getName());
    // The processor asks for its commits itself; this only bounds an idle task's transaction.
    properties.putIfAbsent(
        StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Integer.toString(LONGEST_COMMIT_MS));
    return properties;
  }

  /**
   * Kafka Streams' settings of a gateway. It runs at least once: what it tracks only goes forward.
   * It must not believe what is not committed.
   */
  public Properties gatewayProperties() {
    Properties properties = common("gateway");
    properties.remove(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG); // the router's
    defaultOf(properties, StreamsConfig.PRODUCER_PREFIX, ProducerConfig.LINGER_MS_CONFIG, "2");
    properties.putIfAbsent(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    properties.putIfAbsent(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "1000");
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.ISOLATION_LEVEL_CONFIG), "read_committed");
    return properties;
  }

  private Properties common(String role) {
    Properties properties = new Properties();
    properties.putAll(streamsSettings());
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, getString(APPLICATION_ID) + "-" + role);
    properties.putIfAbsent(StreamsConfig.STATE_DIR_CONFIG, getString(STATE_DIR));
    properties.put(
        StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG,
        DeadLetterDeserializationHandler.class.getName());
    properties.put(
        StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG,
        DeadLetterProcessingHandler.class.getName());
    properties.put(
        StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG, topics().deadLetters());
    defaultOf(
        properties,
        StreamsConfig.PRODUCER_PREFIX,
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
        Integer.toString(deadLetterBytes()));
    Object protocol = properties.get(StreamsConfig.GROUP_PROTOCOL_CONFIG);
    if (protocol == null || !"streams".equalsIgnoreCase(protocol.toString())) {
      // How long the work of an instance that died waits. In the streams protocol the broker says.
      defaultOf(
          properties,
          StreamsConfig.CONSUMER_PREFIX,
          ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
          SESSION_TIMEOUT_MS);
      defaultOf(
          properties,
          StreamsConfig.CONSUMER_PREFIX,
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
          "1500");
    }
    defaultOf(
        properties,
        StreamsConfig.MAIN_CONSUMER_PREFIX,
        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
        "earliest");
    properties.putIfAbsent(StreamsConfig.REPLICATION_FACTOR_CONFIG, get(REPLICATION).toString());
    return properties;
  }

  // What is given with a prefix would win over what the user wrote without one.
  private static void defaultOf(Properties properties, String prefix, String key, String value) {
    if (!properties.containsKey(key)) {
      properties.putIfAbsent(prefix + key, value);
    }
  }
}
