/* The kernel's loop in C: same streams, same tables, same arithmetic, for the micro line only.
 *
 * Chunks of worlds in the inner loops, which the compiler vectorises; creators outside. What the
 * general kernel decides at run time is fixed here: which inputs are drawn, which are lognormal,
 * one post per creator, engagement per follower, no market.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 128
#define ALIGNED __attribute__((aligned(64)))
#define INLINE static inline __attribute__((always_inline))

enum { IMPRESSIONS, ENGAGEMENTS, ORDERS, ORDERS_SQUARED, ORDERS_LARGEST, EXPOSURE, FEES, DELIVERED,
       VIRAL, CAPPED_IMPRESSIONS, CAPPED_ENGAGEMENTS, SUMS };

/* A lognormal input is base + weights of normals; a table is a score and cubic pieces. */
typedef struct {
    double low, scale, last;
    const double *pieces;
} table;

typedef struct {
    uint32_t key[2];
    int64_t creators;
    double engagement, conversion, luck;           /* weight of the own normal in the log value */
    double fee[3];                                 /* of engagement, followers and own normal */
    double followers[2], reach[2], amplification[2]; /* of engagement and own normal, in the score */
    double authentic, delivery, delivery_jump, take_off_jump;
    double log_authentic_mean, q, w, audience, viral_excess;
    table followers_table, reach_table, authentic_table, take_off_table;
} line;

/* What creators share, per world. */
typedef struct {
    double engagement[CHUNK], conversion[CHUNK], fee[CHUNK], luck[CHUNK]; /* log values */
    double reach_shift[CHUNK], take_off_shift[CHUNK];
    double followers[CHUNK], reach[CHUNK], authentic[CHUNK], delivery[CHUNK],
        amplification[CHUNK]; /* scores */
} shared;

INLINE uint64_t bits_of(double x) { uint64_t b; memcpy(&b, &x, 8); return b; }
INLINE double float_of(uint64_t b) { double x; memcpy(&x, &b, 8); return x; }

INLINE void philox(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3, uint64_t k0, uint64_t k1,
                   uint64_t *a, uint64_t *b)
{
    const uint64_t low = 0xFFFFFFFFu;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = 0xD2511F53u * (c0 & low), p1 = 0xCD9E8D57u * (c2 & low);
        c0 = (p1 >> 32) ^ c1 ^ k0;
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ k1;
        c3 = p0;
        k0 = (k0 + 0x9E3779B9u) & low;
        k1 = (k1 + 0xBB67AE85u) & low;
    }
    *a = (c0 & low) | (c1 << 32);
    *b = (c2 & low) | (c3 << 32);
}

INLINE double exp_(double x)
{
    const double magic = 0x1.8p52;
    double y = fmin(fmax(x, -708.0), 708.0);
    double n = y * 1.4426950408889634 + magic;
    double r = y - (n - magic) * 0.6931471805599453;
    double p = 1.0 / 5040 + r * (1.0 / 40320 + r * (1.0 / 362880));
    p = 1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720 + r * p));
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6 + r * p)));
    return float_of(bits_of(p) + (bits_of(n) << 52));
}

INLINE double minus_log(double x, const double *l)
{
    uint64_t b = bits_of(x);
    int64_t e = (int64_t)(b - 0x3FE6A09E667F3BCDull) >> 52;
    double f = float_of(b - ((uint64_t)e << 52)) - 1.0;
    double p = l[12];
#pragma GCC unroll 12
    for (int k = 11; k >= 0; k--)
        p = l[k] + f * p;
    return -((double)e * 0.6931471805599453 + f * p);
}

/* Two rows of independent standard normals: Box and Muller, turned by 45 degrees. */
static void normal_rows(const line *m, const double *l, uint64_t world, uint64_t draw,
                        uint64_t creator, double *restrict first, double *restrict second)
{
    const uint64_t sign = 1ull << 63;
    for (int i = 0; i < CHUNK; i++) {
        uint64_t a, b;
        philox(world + i, draw, creator & 0xFFFFFFFFu, creator >> 32, m->key[0], m->key[1], &a, &b);
        double u = ((double)(int64_t)(a >> 1) + 0.5) * 0x1p-63;
        double r = sqrt(minus_log(u, l));
        double phi = (double)(int64_t)(b >> 2) * (0x1p-62 * 1.5707963267948966) - 0.7853981633974483;
        double x = phi * phi;
        double s = phi * (1.0 + x * (-1.0 / 6 + x * (1.0 / 120 + x * (-1.0 / 5040
                   + x * (1.0 / 362880 + x * (-1.0 / 39916800))))));
        double c = 1.0 + x * (-0.5 + x * (1.0 / 24 + x * (-1.0 / 720 + x * (1.0 / 40320
                   + x * (-1.0 / 3628800 + x * (1.0 / 479001600))))));
        first[i] = float_of(bits_of(r * (c + s)) ^ (b << 63));
        second[i] = float_of(bits_of(r * (c - s)) ^ ((b << 62) & sign));
    }
}

INLINE void look_up(const table *t, const double *restrict z, double *restrict out)
{
    double u[CHUNK] ALIGNED;
    int32_t k[CHUNK] ALIGNED;
    const double *c = t->pieces, low = t->low, scale = t->scale, last = t->last;
    for (int i = 0; i < CHUNK; i++) {
        double position = fmin(fmax((z[i] - low) * scale, 0.0), last);
        int32_t piece = (int32_t)position;
        u[i] = position - piece;
        k[i] = 4 * piece;
    }
    for (int i = 0; i < CHUNK; i++) {
        const double *p = c + k[i];
        out[i] = p[0] + u[i] * (p[1] + u[i] * (p[2] + u[i] * p[3]));
    }
}

/* Rare take-offs are listed first; only they are looked up. */
INLINE void excess_row(const line *m, const shared *s, const double *restrict z,
                       double *restrict excess)
{
    const table *t = &m->take_off_table;
    int32_t index[CHUNK];
    int found = 0;
    memset(excess, 0, CHUNK * sizeof *excess);
    for (int i = 0; i < CHUNK; i++) {
        index[found] = i;
        found += z[i] >= m->take_off_jump;
    }
    for (int j = 0; j < found; j++) {
        int i = index[j];
        double position = fmin(fmax((z[i] - t->low) * t->scale, 0.0), t->last);
        int32_t piece = (int32_t)position;
        const double *p = t->pieces + 4 * piece;
        double u = position - piece;
        double log_excess = p[0] + u * (p[1] + u * (p[2] + u * p[3]));
        excess[i] = exp_(s->take_off_shift[i] + log_excess);
    }
}

/* From log values to the sums of the line. Copies of the constants: stores cannot change them. */
INLINE void funnel_rows(const line *m, const shared *restrict s, double (*restrict n)[CHUNK],
                        const double *restrict followers, const double *restrict reach,
                        const double *restrict authentic, const double *restrict excess,
                        double (*restrict sums)[CHUNK])
{
    const line k = *m;
    for (int i = 0; i < CHUNK; i++) {
        double d = (double)(s->delivery[i] + k.delivery * n[6][i] >= k.delivery_jump);
        double a = fmin(authentic[i], 0.0), r = fmin(reach[i] + s->reach_shift[i], 0.0);
        double audience = d * exp_(followers[i] + a), share = exp_(r);
        double rate = exp_(s->engagement[i] + k.engagement * n[0][i] - a - r);
        double conversion = exp_(s->conversion[i] + k.conversion * n[3][i] + a
                                 - k.log_authentic_mean);
        double fee = exp_(s->fee[i] + k.fee[0] * n[0][i] + k.fee[1] * n[1][i]
                          + k.fee[2] * n[5][i]);
        double luck = exp_(s->luck[i] + k.luck * n[8][i]);
        double organic = audience * share * luck;
        double wanted = organic * (1.0 + excess[i]);
        organic = fmin(organic, k.audience);
        double extra = fmin(wanted, k.audience) - organic;
        double capped = fmin(rate, 1.0);
        double total = capped * conversion * (organic + k.q * k.w * extra);
        sums[IMPRESSIONS][i] += organic + extra;
        sums[ENGAGEMENTS][i] += capped * (organic + k.q * extra);
        sums[ORDERS][i] += total;
        sums[ORDERS_SQUARED][i] += total * total;
        sums[ORDERS_LARGEST][i] = fmax(sums[ORDERS_LARGEST][i], total);
        sums[EXPOSURE][i] += audience * fmin(share * luck, 1.0) + extra;
        sums[FEES][i] += d * fee;
        sums[DELIVERED][i] += d;
        sums[VIRAL][i] += d * (double)(excess[i] >= k.viral_excess);
        sums[CAPPED_IMPRESSIONS][i] += (double)(wanted > k.audience);
        sums[CAPPED_ENGAGEMENTS][i] += d * (double)(rate > 1.0);
    }
}

static void creator_rows(const line *m, const double *l, const shared *s, uint64_t world,
                         uint64_t creator, double sums[SUMS][CHUNK])
{
    double n[10][CHUNK] ALIGNED, z[CHUNK] ALIGNED, excess[CHUNK] ALIGNED;
    double followers[CHUNK] ALIGNED, reach[CHUNK] ALIGNED, authentic[CHUNK] ALIGNED;
    for (int pair = 0; pair < 4; pair++)
        normal_rows(m, l, world, pair, creator, n[2 * pair], n[2 * pair + 1]);
    normal_rows(m, l, world, (1 << 8) | 5, creator, n[8], n[9]);
    for (int i = 0; i < CHUNK; i++)
        z[i] = s->followers[i] + m->followers[0] * n[0][i] + m->followers[1] * n[1][i];
    look_up(&m->followers_table, z, followers);
    for (int i = 0; i < CHUNK; i++)
        z[i] = s->reach[i] + m->reach[0] * n[0][i] + m->reach[1] * n[2][i];
    look_up(&m->reach_table, z, reach);
    for (int i = 0; i < CHUNK; i++)
        z[i] = s->authentic[i] + m->authentic * n[4][i];
    look_up(&m->authentic_table, z, authentic);
    for (int i = 0; i < CHUNK; i++)
        z[i] = s->amplification[i] + m->amplification[0] * n[0][i] + m->amplification[1] * n[9][i];
    excess_row(m, s, z, excess);
    funnel_rows(m, s, n, followers, reach, authentic, excess, sums);
}

/* One chunk of worlds: sums over the creators, out[SUMS][CHUNK]. */
void line_chunk(const line *m, const double *l, const shared *s, uint64_t world, double *out)
{
    double sums[SUMS][CHUNK] ALIGNED;
    memset(sums, 0, sizeof sums);
    for (int64_t creator = 0; creator < m->creators; creator++)
        creator_rows(m, l, s, world, (uint64_t)creator, sums);
    memcpy(out, sums, sizeof sums);
}
