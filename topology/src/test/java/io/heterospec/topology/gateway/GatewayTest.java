package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.TopicCreator;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.telemetry.RequestTraces;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway on a broker, with the test in the place of all others. */
class GatewayTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;

  private static final List<String> SCHEMAS = new CopyOnWriteArrayList<>(); // by id - 1
  private static final ExecutorService REGISTRY_THREADS = Executors.newCachedThreadPool();
  private static EmbeddedBroker broker;
  private static HttpServer registry;
  private static HeteroSpecConfig config;
  private static Avro avro;
  private static KafkaProducer<String, byte[]> application;

  private static volatile CountDownLatch cancellationsMayPass;

  private final ResponseTable table = new ResponseTable();
  private final List<Gateway> gateways = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    broker = EmbeddedBroker.start(directory, 0, Map.of());
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext("/", GatewayTest::answer);
    registry.setExecutor(REGISTRY_THREADS);
    registry.start();
    config = config(Map.of());
    TopicCreator.ensure(config);
    avro = new Avro(config.clientSettings());
    application =
        new KafkaProducer<>(
            config.clientSettings(), new StringSerializer(), new ByteArraySerializer());
  }

  @AfterAll
  static void stop() {
    application.close();
    registry.stop(0);
    REGISTRY_THREADS.shutdownNow();
    broker.close();
  }

  private static HeteroSpecConfig config(Map<String, String> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put(RegistryConfig.URL, "http://127.0.0.1:" + registry.getAddress().getPort());
    settings.put(RegistryConfig.MAX_RETRIES, "0");
    settings.put(RegistryConfig.TIMEOUT_MS, "3000");
    settings.put(HeteroSpecConfig.PARTITIONS, "1");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    return HeteroSpecConfig.fromMap(settings);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] answer;
    if (exchange.getRequestMethod().equals("GET")) { // /schemas/ids/ID
      int id = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
      answer = JSON.writeValueAsBytes(Map.of("schema", SCHEMAS.get(id - 1)));
    } else { // /subjects/SUBJECT/versions
      if (path.contains("cancellations")) {
        try {
          cancellationsMayPass.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      String schema = JSON.readTree(exchange.getRequestBody()).path("schema").textValue();
      synchronized (SCHEMAS) {
        SCHEMAS.add(schema);
        answer = JSON.writeValueAsBytes(Map.of("id", SCHEMAS.size()));
      }
    }
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  @BeforeEach
  void begin() {
    cancellationsMayPass = new CountDownLatch(0);
  }

  @AfterEach
  void closeAll() {
    cancellationsMayPass.countDown();
    gateways.forEach(Gateway::close);
  }

  private Gateway open() {
    Gateway gateway = Gateway.open(config, table, RequestTraces.none());
    gateways.add(gateway);
    return gateway;
  }

  private static PromptEvent prompt(String id) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setText("hello")
        .setCreatedAt(Instant.ofEpochMilli(7))
        .build();
  }

  /** What an observer was told: texts, completions, and why it was lost. */
  private static List<Object> start(Gateway gateway, String id) {
    List<Object> told = new CopyOnWriteArrayList<>();
    gateway
        .generations()
        .start(
            prompt(id),
            Map.of(),
            new GenerationObserver() {
              @Override
              public void onText(String text) {
                told.add(text);
                if (text.equals("unwanted")) {
                  throw new IllegalArgumentException("cannot take it");
                }
              }

              @Override
              public void onEnd(Completion completion) {
                told.add(completion);
              }

              @Override
              public void onLost(GatewayException reason) {
                told.add(reason.reason());
              }
            },
            LIMIT);
    return told;
  }

  private static <T extends SpecificRecord> void write(String topic, Class<T> type, T value) {
    application.send(
        new ProducerRecord<>(topic, "key", avro.serializer(type).serialize(topic, value)));
    application.flush();
  }

  private static void delta(String id, String text) {
    write(
        config.topics().deltas(),
        GenerationDelta.class,
        GenerationDelta.newBuilder()
            .setRequestId(id)
            .setTokenOffset(0)
            .setTokenIds(List.of(7))
            .setText(text)
            .build());
  }

  private static Completion completion(String id) {
    return Completion.newBuilder()
        .setRequestId(id)
        .setText("hi")
        .setFinishReason(FinishReason.STOP)
        .build();
  }

  /** Request ids of the cancellations, up to the one that is waited for. */
  private static List<String> cancelledUntil(String awaited) {
    String topic = config.topics().cancellations();
    try (KafkaConsumer<String, byte[]> reader =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partition = List.of(new TopicPartition(topic, 0));
      reader.assign(partition);
      reader.seekToBeginning(partition);
      List<String> found = new ArrayList<>();
      await()
          .atMost(LIMIT)
          .pollInSameThread()
          .until(
              () -> {
                reader
                    .poll(Duration.ofMillis(100))
                    .forEach(
                        record ->
                            found.add(
                                avro.deserializer(CancelEvent.class)
                                    .deserialize(topic, record.value())
                                    .getRequestId()));
                return found.contains(awaited);
              });
      return found;
    }
  }

  @Test
  void aRequestTimeoutOfTheUsersOwnIsTakenHoweverLongItIs() {
    HeteroSpecConfig patient = config(Map.of("request.timeout.ms", "30000"));
    Gateway gateway = Gateway.open(patient, table, RequestTraces.none());
    gateways.add(gateway);
    List<Object> told = start(gateway, "patient");
    Completion end = completion("patient");
    write(config.topics().completions(), Completion.class, end);
    await().atMost(LIMIT).until(() -> told.contains(end));
  }

  @Test
  void readingGoesOnWhileACancellationWaitsForTheRegistry() {
    Gateway gateway = open();
    start(gateway, "bad");
    List<Object> told = start(gateway, "good");
    cancellationsMayPass = new CountDownLatch(1);
    delta("bad", "unwanted");
    delta("good", "hi");
    await().atMost(LIMIT).until(() -> told.contains("hi"));
    cancellationsMayPass.countDown();
    assertThat(cancelledUntil("bad")).doesNotContain("good");
  }

  @Test
  void whereAReaderEndsAllWhoWaitAreToldAndNobodyIsLetInAnyMore() {
    Gateway gateway = open();
    List<Object> told = start(gateway, "unread");
    Thread reader =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("gateway-completions"))
            .findFirst()
            .orElseThrow();
    reader.interrupt(); // with which a poll fails
    await().atMost(LIMIT).until(() -> !told.isEmpty());
    assertThat(told).containsExactly(GatewayException.Reason.UNAVAILABLE);
    assertThat(gateway.generations().open()).isZero();
    assertThatThrownBy(() -> start(gateway, "late"))
        .isInstanceOfSatisfying(
            GatewayException.class,
            refused -> assertThat(refused.reason()).isEqualTo(GatewayException.Reason.UNAVAILABLE));
    assertThat(cancelledUntil("unread")).doesNotContain("late");
  }
}
