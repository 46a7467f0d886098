package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.topology.embedded.EmbeddedBroker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DlqCommandTest {
  private static final String SOURCE = ".prompts";
  private static final String DEAD = ".dead-letters";

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static int tests;
  private String prefix;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(directory, 0, Map.of("message.max.bytes", "4000000"));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void createTopics() throws ExecutionException, InterruptedException {
    prefix = "test" + tests++;
    try (Admin admin = Admin.create(clients())) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(prefix + SOURCE, 1, (short) 1),
                  new NewTopic(prefix + DEAD, 2, (short) 1)))
          .all()
          .get();
    }
  }

  private static Map<String, Object> clients() {
    return Map.of("bootstrap.servers", broker.bootstrapServers());
  }

  private void bury(int partition, String value, boolean withSource)
      throws ExecutionException, InterruptedException {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(prefix + DEAD, partition, bytes("key"), bytes(value));
    record.headers().add("traceparent", bytes("00-1"));
    record.headers().add("__streams.errors.exception", bytes("SomeException"));
    record.headers().add("__streams.errors.message", bytes("what was wrong"));
    if (withSource) {
      record.headers().add("__streams.errors.topic", bytes(prefix + SOURCE));
      record.headers().add("__streams.errors.partition", bytes("0"));
      record.headers().add("__streams.errors.offset", bytes("7"));
    }
    Map<String, Object> settings = new HashMap<>(clients());
    settings.put("max.request.size", 4_000_000);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(record).get();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Cli dlq(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of("dlq", command, "--json"));
    arguments.addAll(List.of("--bootstrap-servers", broker.bootstrapServers()));
    arguments.addAll(List.of("--topic-prefix", prefix + "."));
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(String[]::new));
  }

  private List<ConsumerRecord<byte[], byte[]>> source(int count) {
    List<ConsumerRecord<byte[], byte[]>> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(clients(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(prefix + SOURCE, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      Awaitility.await()
          .until(
              () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(read::add);
                return read.size() >= count;
              });
    }
    return read;
  }

  @Test
  void lettersAreListedWithTheirOriginButNotTheirContent() throws Exception {
    bury(0, "secret", true);
    Cli list = dlq("list");
    assertThat(list.code()).isZero();
    assertThat(list.out()).doesNotContain("secret");
    JsonNode letter = list.json().get("dead_letters").get(0);
    assertThat(letter.get("source_topic").asText()).isEqualTo(prefix + SOURCE);
    assertThat(letter.get("source_offset").asText()).isEqualTo("7");
    assertThat(letter.get("error").asText()).isEqualTo("SomeException");
    assertThat(letter.get("bytes").asInt()).isEqualTo(6);
  }

  @Test
  void eachLetterIsReplayedOnceWithItsOwnHeaders() throws Exception {
    bury(0, "first", true);
    bury(1, "second", true);
    assertThat(dlq("replay").json().get("replayed").asInt()).isEqualTo(2);
    assertThat(dlq("replay").json().get("replayed").asInt()).isZero();
    assertThat(dlq("list").json().get("dead_letters")).isEmpty();
    assertThat(dlq("list", "--replayed").json().get("dead_letters")).hasSize(2);
    List<ConsumerRecord<byte[], byte[]>> replayed = source(2);
    assertThat(replayed)
        .extracting(record -> new String(record.value(), StandardCharsets.UTF_8))
        .containsExactlyInAnyOrder("first", "second");
    assertThat(replayed.get(0).headers())
        .extracting(header -> header.key())
        .containsExactly("traceparent", "heterospec.replayed.from");
  }

  @Test
  void aLimitLeavesTheOthersForTheNextReplay() throws Exception {
    bury(0, "first", true);
    bury(0, "second", true);
    assertThat(dlq("replay", "--limit", "1").json().get("replayed").asInt()).isEqualTo(1);
    assertThat(dlq("list").json().get("dead_letters")).hasSize(1);
    assertThat(new String(source(1).get(0).value(), StandardCharsets.UTF_8)).isEqualTo("first");
  }

  @Test
  void aLetterAsLargeAsTheClustersRecordsIsReplayedWithTheClustersSettings() throws Exception {
    String large = "x".repeat(2_000_000);
    bury(0, large, true);
    Path file = directory.resolve("cluster.properties");
    Files.writeString(
        file,
        "bootstrap.servers=127.0.0.1:1\nheterospec.max.record.bytes=3000000\n"
            + "heterospec.topic.prefix=other.\n");
    Cli refused = dlq("replay");
    assertThat(refused.code()).isEqualTo(HeteroSpec.FAILED);
    assertThat(refused.err()).contains("heterospec.max.record.bytes allows (1048576 bytes)");
    Cli replay = dlq("replay", "--config", file.toString()); // other options win
    assertThat(replay.json().get("replayed").asInt()).isEqualTo(1);
    assertThat(source(1).get(0).serializedValueSize()).isEqualTo(large.length());
  }

  @Test
  void nothingIsReplayedWhenALetterDoesNotSayWhereItCameFrom() throws Exception {
    bury(0, "first", true);
    bury(0, "lost", false);
    Cli replay = dlq("replay");
    assertThat(replay.code()).isEqualTo(HeteroSpec.FAILED);
    assertThat(replay.err()).contains(prefix + DEAD + "-0@1");
    assertThat(dlq("list").json().get("dead_letters")).hasSize(2);
  }

  @Test
  void aClusterWithoutTheTopicIsNamed() throws IOException {
    Cli list =
        Cli.run(
            "dlq",
            "list",
            "--bootstrap-servers",
            broker.bootstrapServers(),
            "--topic-prefix",
            "absent.");
    assertThat(list.code()).isEqualTo(HeteroSpec.WRONG_INPUT);
    assertThat(list.err()).contains("absent.dead-letters");
  }
}
