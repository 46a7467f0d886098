package io.heterospec.processor.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ChatTemplateTest {
  private static final ZonedDateTime NOW =
      LocalDate.of(2026, 7, 26).atTime(12, 0).atZone(ZoneOffset.UTC);

  @TestFactory
  Stream<DynamicTest> templatesOfKnownModelsRenderAsTheirOwnLibraryDoes() throws IOException {
    Path directory = SharedFixtures.optional("chat-templates");
    JsonNode cases = new ObjectMapper().readTree(directory.resolve("expected.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : cases) {
      String name = one.path("template").asText() + " " + one.path("case").asText();
      tests.add(DynamicTest.dynamicTest(name, () -> check(directory, one)));
    }
    return tests.stream();
  }

  private static void check(Path directory, JsonNode one) throws IOException {
    String source = Files.readString(directory.resolve(one.path("template").asText()));
    ChatTemplate template =
        new ChatTemplate(source, one.path("bos_token").asText(), one.path("eos_token").asText());
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : one.path("messages")) {
      messages.add(
          new ChatMessage(message.path("role").asText(), message.path("content").asText()));
    }
    boolean prompt = one.path("add_generation_prompt").asBoolean();
    assertThat(template.render(messages, prompt, NOW)).isEqualTo(one.path("expected").asText());
  }

  private static String render(String source, ChatMessage... messages) {
    return new ChatTemplate(source, "<s>", "</s>").render(List.of(messages), true, NOW);
  }

  @Test
  void whatJinjavaReadsDifferentlyIsRewritten() {
    ChatMessage first = new ChatMessage("user", "a");
    ChatMessage second = new ChatMessage("user", "b");
    assertThat(render("{% for m in messages[::-1] %}{{ m.content }}{% endfor %}", first, second))
        .isEqualTo("ba");
    assertThat(
            render(
                "{% set ns = namespace(x='a|b', n=messages|length - 1, l=[1, 2]) %}{{ ns.n }}{{ ns.x }}{{ ns.l[1] }}",
                first, second))
        .isEqualTo("1a|b2");
    assertThat(render("{{ 'x[::-1] not y is z' }}{% if not q is defined %}!{% endif %}", first))
        .isEqualTo("x[::-1] not y is z!");
  }

  @Test
  void vicunasConversationIsThatOfFastChat() {
    String system =
        "<s>A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";
    String source = BundledTemplates.source("vicuna");
    ChatMessage user = new ChatMessage("user", "Hi");
    assertThat(render(source, user)).isEqualTo(system + " USER: Hi ASSISTANT:");
    assertThat(
            render(
                source,
                new ChatMessage("system", "Be brief."),
                user,
                new ChatMessage("assistant", "Hello!"),
                new ChatMessage("user", "Bye")))
        .isEqualTo("<s>Be brief. USER: Hi ASSISTANT: Hello!</s>USER: Bye ASSISTANT:");
    assertThatThrownBy(() -> render(source, user, new ChatMessage("tool", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Vicuna knows a system message in front");
  }

  @Test
  void aTemplateCannotReachTheProgram() {
    for (String attack : List.of("{{ messages.getClass().getName() }}", "{{ ''.getClass() }}")) {
      try {
        String rendered =
            new ChatTemplate(attack, "", "")
                .render(List.of(new ChatMessage("user", "x")), true, NOW);
        assertThat(rendered).doesNotContain("java");
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("cannot be rendered");
      }
    }
  }
}
