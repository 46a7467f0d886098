package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VerifyTreeTest {
  private static final float HIDDEN = Float.NEGATIVE_INFINITY;

  @ParameterizedTest
  @EnumSource(DraftPair.Kind.class)
  void shouldRerankAsThePlainRulesSayAtEveryDepth(DraftPair.Kind kind) {
    VerifyTree reused = new VerifyTree();
    for (int seed = 0; seed < 30; seed++) {
      int k = 1 + seed % 8;
      for (int depth = 1; depth <= 8; depth++) {
        DraftPair pair = DraftPair.grown(kind, k, depth, 1000 + seed);
        for (int n : new int[] {0, 1, 3, 12, 60}) {
          reused.select(pair.tree, n);
          assertSelection(reused, pair, n);
        }
      }
    }
  }

  @Test
  void shouldSelectEverythingWhenFewerCandidatesThanAsked() {
    DraftPair pair = DraftPair.grown(DraftPair.Kind.FLAT, 3, 2, 1);
    VerifyTree tree = new VerifyTree();
    tree.select(pair.tree, 100);

    assertThat(tree.rows()).isEqualTo(1 + pair.tree.size());
  }

  @Test
  void shouldHoldTheRootAloneWhenNothingIsVerified() {
    VerifyTree tree = new VerifyTree();
    tree.select(DraftPair.grown(DraftPair.Kind.FLAT, 3, 2, 1).tree, 0);
    float[] mask = {7, 7};
    tree.writeMask(mask);

    assertThat(tree.rows()).isEqualTo(1);
    assertThat(mask).containsExactly(0, 7);
    assertThat(tree.child(0, 0)).isEqualTo(-1);
    assertThat(tree.rankOf(0)).isEqualTo(-1);
  }

  @Test
  void shouldWritePositionsFromTheRootsPosition() {
    VerifyTree tree = new VerifyTree();
    tree.select(DraftPair.grown(DraftPair.Kind.SHARP, 4, 5, 3).tree, 10);
    long[] positions = new long[12];
    tree.writePositions(positions, 1, 100);

    assertThat(positions[0]).isZero();
    assertThat(positions[1]).isEqualTo(100);
    for (int row = 0; row < tree.rows(); row++) {
      assertThat(positions[1 + row]).isEqualTo(100 + tree.depth(row));
    }
  }

  @Test
  void shouldWriteTheMaskIntoAWiderMatrixWithoutTouchingTheRest() {
    VerifyTree tree = new VerifyTree();
    tree.select(DraftPair.grown(DraftPair.Kind.FLAT, 2, 1, 3).tree, 2);
    float[] wide = new float[16];
    tree.writeMask(wide, 1, 5);

    assertThat(wide)
        .containsExactly(0, 0, HIDDEN, HIDDEN, 0, 0, 0, 0, HIDDEN, 0, 0, 0, HIDDEN, 0, 0, 0);
    assertThatIllegalArgumentException().isThrownBy(() -> tree.writeMask(wide, 0, 2));
  }

  @Test
  void shouldRefuseBadArguments() {
    VerifyTree tree = new VerifyTree();
    DraftTree draft = DraftPair.grown(DraftPair.Kind.FLAT, 2, 2, 3).tree;

    assertThatIllegalArgumentException().isThrownBy(() -> tree.select(draft, -1));
    tree.select(draft, 2);
    assertThatThrownBy(() -> tree.token(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tree.rankOf(6)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tree.child(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static void assertSelection(VerifyTree tree, DraftPair pair, int n) {
    List<PlainTree.Node> ranking = pair.plain.best(n);
    List<PlainTree.Node> rows =
        ranking.stream().sorted(Comparator.comparingInt(node -> node.index)).toList();
    assertThat(tree.rows()).isEqualTo(1 + rows.size());
    assertThat(tree.node(0)).isEqualTo(DraftTree.ROOT);
    assertThat(tree.parentRow(0)).isEqualTo(-1);
    for (PlainTree.Node node : pair.plain.nodes) {
      assertThat(tree.rankOf(node.index)).isEqualTo(ranking.indexOf(node));
      assertThat(tree.rowOf(node.index)).isEqualTo(rows.contains(node) ? row(rows, node) : -1);
    }
    float[] mask = new float[tree.rows() * tree.rows()];
    tree.writeMask(mask);
    for (int row = 1; row < tree.rows(); row++) {
      PlainTree.Node node = rows.get(row - 1);
      assertThat(tree.node(row)).isEqualTo(node.index);
      assertThat(tree.token(row)).isEqualTo(node.token);
      assertThat(tree.depth(row)).isEqualTo(node.depth);
      // A subtree: the parent is the root or was selected too, and stands before its child.
      assertThat(node.parent == null || rows.contains(node.parent)).isTrue();
      assertThat(tree.parentRow(row))
          .isEqualTo(node.parent == null ? 0 : row(rows, node.parent))
          .isLessThan(row);
      assertThat(tree.child(tree.parentRow(row), node.token)).isEqualTo(row);
      assertThat(tree.child(row, -5)).isEqualTo(-1);
    }
    for (int row = 0; row < tree.rows(); row++) {
      for (int column = 0; column < tree.rows(); column++) {
        boolean sees =
            column == 0 || (row > 0 && rows.get(row - 1).descendsFrom(rows.get(column - 1)));
        assertThat(tree.sees(row, column)).isEqualTo(sees);
        assertThat(mask[row * tree.rows() + column]).isEqualTo(sees ? 0f : HIDDEN);
      }
    }
  }

  private static int row(List<PlainTree.Node> rows, PlainTree.Node node) {
    return 1 + rows.indexOf(node);
  }
}
