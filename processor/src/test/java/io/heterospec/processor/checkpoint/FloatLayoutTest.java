package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatLayoutTest {

  @Test
  void bitsOf32AreThoseOfJava() {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      int bits = random.nextInt();
      assertThat((float) FloatLayout.F32.value(bits))
          .isEqualTo(Float.valueOf(Float.intBitsToFloat(bits)));
    }
  }

  @Test
  void bitsOfBf16AreTheUpperHalfOf32() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat((float) FloatLayout.BF16.value(bits))
          .isEqualTo(Float.valueOf(Float.intBitsToFloat(bits << 16)));
    }
  }

  @Test
  void numbersOfF16AreThoseOfTheStandard() {
    assertThat(FloatLayout.F16.value(0x3c00)).isEqualTo(1);
    assertThat(FloatLayout.F16.value(0xc000)).isEqualTo(-2);
    assertThat(FloatLayout.F16.value(0x7bff)).isEqualTo(65504);
    assertThat(FloatLayout.F16.value(0x0400)).isEqualTo(0x1p-14);
    assertThat(FloatLayout.F16.value(0x0001)).isEqualTo(0x1p-24);
    assertThat(FloatLayout.F16.value(0xfc00)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(FloatLayout.F16.value(0x7e00)).isNaN();
  }

  @ParameterizedTest
  @EnumSource(
      value = FloatLayout.class,
      names = {"F16", "BF16"})
  void everyNumberOf16BitsIsItsOwnNearestOne(FloatLayout layout) {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = (float) layout.value(bits);
      if (!Float.isNaN(value)) {
        assertThat(layout.bits(value)).isEqualTo(bits);
      }
    }
  }

  @Test
  void numbersBetweenTwoAreRoundedToTheNearerAndHalvesToEven() {
    assertThat(FloatLayout.F16.bits(1 + 0x1p-11f)).isEqualTo(0x3c00);
    assertThat(FloatLayout.F16.bits(1 + 0x1p-11f + 0x1p-20f)).isEqualTo(0x3c01);
    assertThat(FloatLayout.F16.bits(1 + 3 * 0x1p-11f)).isEqualTo(0x3c02);
    assertThat(FloatLayout.F16.bits(65520)).isEqualTo(0x7c00);
    assertThat(FloatLayout.F16.bits(-0x1p-25f)).isEqualTo(0x8000);
    assertThat(FloatLayout.BF16.bits(1 + 0x1p-8f)).isEqualTo(0x3f80);
    assertThat(FloatLayout.BF16.bits(1 + 3 * 0x1p-8f)).isEqualTo(0x3f82);
  }

  @ParameterizedTest
  @EnumSource(FloatLayout.class)
  void halvingIsExactWhereItIsAllowed(FloatLayout layout) {
    Random random = new Random(2);
    ByteBuffer one = ByteBuffer.allocate(4);
    for (int i = 0; i < 2000; i++) {
      layout.put(one, 0, random.nextInt());
      int bits = layout.get(one, 0);
      int times = random.nextInt(4);
      if (layout.canHalve(bits, times)) {
        assertThat(layout.value(layout.halve(bits, times)))
            .isEqualTo(Double.valueOf(Math.scalb(layout.value(bits), -times)));
      }
    }
    assertThat(layout.value(layout.one())).isEqualTo(1);
    assertThat(layout.canHalve(layout.one(), 3)).isTrue();
    assertThat(layout.canHalve(0, 3)).isTrue();
    assertThat(layout.canHalve(1, 1)).as("the smallest number").isFalse();
  }

  @ParameterizedTest
  @EnumSource(FloatLayout.class)
  void aMagnitudeCanBeChosenForAnyBits(FloatLayout layout) {
    Random random = new Random(3);
    ByteBuffer one = ByteBuffer.allocate(4);
    for (int halvings = 0; halvings <= FloatLayout.maxHalvings(); halvings++) {
      layout.put(one, 0, layout.withMagnitude(random.nextInt(), halvings));
      double magnitude = Math.abs(layout.value(layout.get(one, 0)));
      assertThat(magnitude).isBetween(Math.scalb(1.0, -halvings), Math.scalb(2.0, -halvings));
    }
  }
}
