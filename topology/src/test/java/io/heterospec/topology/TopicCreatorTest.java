package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Topics on a broker where a user may create them only when told so. */
class TopicCreatorTest {
  private static final int ALL_TOPICS = 8;

  @TempDir static Path directory;
  private static EmbeddedBroker broker;

  private HeteroSpecConfig config;

  @BeforeAll
  static void startBroker() {
    broker =
        EmbeddedBroker.start(
            directory, 0, Map.of("authorizer.class.name", NoCreationAuthorizer.class.getName()));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void configure() {
    config =
        HeteroSpecConfig.fromMap(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                HeteroSpecConfig.TOPIC_PREFIX,
                "t" + System.nanoTime() + ".",
                HeteroSpecConfig.PARTITIONS,
                "2",
                HeteroSpecConfig.REPLICATION,
                "1"));
  }

  private void createAll() {
    NoCreationAuthorizer.allowed = true;
    TopicCreator.ensure(config);
    awaitTopics(ALL_TOPICS);
  }

  // What was created or deleted shows a moment later.
  private void awaitTopics(int number) {
    Awaitility.await().untilAsserted(() -> assertThat(topics()).hasSize(number));
  }

  private List<String> topics() throws Exception {
    try (Admin admin = Admin.create(config.clientSettings())) {
      return admin.listTopics().names().get().stream()
          .filter(name -> name.startsWith(config.topics().prefix()))
          .toList();
    }
  }

  @Test
  void noRightToCreateIsNeededWhereNothingIsMissing() {
    createAll();
    NoCreationAuthorizer.allowed = false;
    assertThatCode(() -> TopicCreator.ensure(config)).doesNotThrowAnyException();
  }

  @Test
  void missingTopicsThatMayNotBeCreatedAreNamedWithTheRemedy() throws Exception {
    createAll();
    try (Admin admin = Admin.create(config.clientSettings())) {
      admin
          .deleteTopics(List.of(config.topics().deltas(), config.topics().deadLetters()))
          .all()
          .get();
    }
    awaitTopics(ALL_TOPICS - 2);
    NoCreationAuthorizer.allowed = false;
    assertThatThrownBy(() -> TopicCreator.ensure(config))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining(config.topics().deltas())
        .hasMessageContaining(config.topics().deadLetters() + " {cleanup.policy=delete")
        .hasMessageContaining("max.message.bytes=2097152")
        .hasMessageContaining("2 partitions")
        .hasMessageContaining("grant")
        .message()
        .doesNotContain(config.topics().prompts());
  }

  @Test
  void onlyWhatIsMissingIsCreated() throws Exception {
    NoCreationAuthorizer.allowed = true;
    try (Admin admin = Admin.create(config.clientSettings())) {
      NewTopic prompts = new NewTopic(config.topics().prompts(), 1, (short) 1);
      admin.createTopics(List.of(prompts)).all().get();
      createAll();
      var topics =
          admin
              .describeTopics(List.of(config.topics().prompts(), config.topics().deltas()))
              .allTopicNames()
              .get();
      assertThat(topics.get(config.topics().prompts()).partitions()).hasSize(1);
      assertThat(topics.get(config.topics().deltas()).partitions()).hasSize(2);
    }
  }
}
