/* The loop of the default micro line in C: the engine's streams, laws and single precision.
 *
 * Worlds are the inner loop, which the compiler makes wide; creators the outer one. What the engine
 * makes a loop for is fixed here: which inputs are drawn, by what kind of law, one post per creator,
 * engagement per follower, no market. Polynomials come with their degrees when this is compiled.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 128
#define GROUP 32
#define INLINE static inline __attribute__((always_inline))

enum { IMPRESSIONS, ENGAGEMENTS, ORDERS, ORDERS_SQUARED, ORDERS_LARGEST, EXPOSURE, FEES, DELIVERED,
       VIRAL, CAPPED_IMPRESSIONS, CAPPED_ENGAGEMENTS, SUMS };
/* Rows that the creators of a world share, in the order of c_line.ROWS. */
enum { BASE_E, BASE_F, BASE_R, BASE_C, BASE_A, BASE_FEE, CHANCE_D, BASE_LUCK, BASE_AMP, SHIFT_R,
       SHIFT_AMP, ROWS };

typedef struct {
    uint32_t key[2];
    int64_t creators;
    float e, f[2], r[2], c, a, fee[3], luck, amp[2]; /* weights of normals */
    float jump_amp, log_mean_a, q, w, audience, viral;
    float fold[2];              /* of lanes.folded */
    float followers[DEGREE_F + 1], reach[DEGREE_R + 1], authentic[DEGREE_A + 1];
    float amplification[DEGREE_AMP + 1];
    const float *log_p, *exp_p; /* polynomials of lanes.py and random.py */
    const float *sin_p, *cos_p;
} line;

INLINE uint32_t bits_of(float x) { uint32_t b; memcpy(&b, &x, 4); return b; }
INLINE float float_of(uint32_t b) { float x; memcpy(&x, &b, 4); return x; }
INLINE uint32_t turned(uint32_t x, int by) { return x << by | x >> (32 - by); }
INLINE float least(float a, float b) { return a < b ? a : b; }
INLINE float most(float a, float b) { return a > b ? a : b; }

INLINE void two_rounds(uint32_t *x, int a, int b, int c, int d)
{
    x[0] += x[1]; x[1] = turned(x[1], a) ^ x[0];
    x[2] += x[3]; x[3] = turned(x[3], b) ^ x[2];
    x[0] += x[3]; x[3] = turned(x[3], c) ^ x[0];
    x[2] += x[1]; x[1] = turned(x[1], d) ^ x[2];
}

INLINE void add_key(uint32_t *x, const uint32_t *k, int turn)
{
    for (int i = 0; i < 4; i++)
        x[i] += k[(turn + i) % 5];
    x[3] += turn;
}

/* Threefry4x32-13: world, call and creator give four words. */
INLINE void draw(uint32_t world, uint32_t call, uint32_t creator, const uint32_t *k, uint32_t *x)
{
    x[0] = world; x[1] = call; x[2] = creator; x[3] = 0;
    add_key(x, k, 0);
    two_rounds(x, 10, 26, 11, 21); two_rounds(x, 13, 27, 23, 5);
    add_key(x, k, 1);
    two_rounds(x, 6, 20, 17, 11); two_rounds(x, 25, 10, 18, 20);
    add_key(x, k, 2);
    two_rounds(x, 10, 26, 11, 21); two_rounds(x, 13, 27, 23, 5);
    add_key(x, k, 3);
    x[0] += x[1]; x[1] = turned(x[1], 6) ^ x[0];
    x[2] += x[3]; x[3] = turned(x[3], 20) ^ x[2];
}

INLINE float horner(const float *c, float t, int degree)
{
    float p = c[degree];
#pragma GCC unroll 24
    for (int k = degree - 1; k >= 0; k--)
        p = fmaf(p, t, c[k]);
    return p;
}

INLINE void normals(const line *m, uint32_t a, uint32_t b, float *one, float *two)
{
    float u = fmaf((float)a, 0x1p-32f, fmaf((float)(int32_t)(b & 0x3FC), 0x1p-42f, 0x1p-41f));
    uint32_t bits = bits_of(u);
    int32_t e = (int32_t)(bits - 0x3F3504F3u) >> 23;
    float f = float_of(bits - ((uint32_t)e << 23)) - 1.0f;
    float r = sqrtf(fmaf((float)e, -1.3862943611f, f * horner(m->log_p, f, 7)));
    float x = (float)(int32_t)b * (float)(0x1p-31 * 0.78539816339744831), q = x * x;
    float s = x * horner(m->sin_p, q, 3), c = horner(m->cos_p, q, 3);
    *one = float_of(bits_of(r * (c + s)) ^ b << 31);
    *two = float_of(bits_of(r * (c - s)) ^ b >> 1 << 31);
}

INLINE float exponential(const line *m, float x)
{
    const float round = 0x1.8p23f;
    float y = least(x, 88.0f), n = fmaf(y, 1.44269504089f, round), k = n - round;
    float r = fmaf(k, 1.9046542e-9f, fmaf(k, -0.6931471824645996f, y));
    float p = horner(m->exp_p, r, 6);
    float value = float_of(bits_of(p) + (bits_of(n) << 23));
    return x >= -80.0f ? value : 0.0f;
}

/* One chunk of worlds: out[SUMS][CHUNK]. */
void line_chunk(const line *m, const float (*restrict b)[CHUNK], uint32_t world,
                double (*restrict out)[CHUNK])
{
    const line l = *m;
    const uint32_t k[5] = {l.key[0], l.key[1], 0, 0, 0x1BD11BDAu ^ l.key[0] ^ l.key[1]};
    float s[SUMS][CHUNK] __attribute__((aligned(64)));
    memset(s, 0, sizeof s);
    memset(out, 0, SUMS * CHUNK * sizeof(double));
    for (int64_t creator = 0; creator < l.creators; creator++) {
#pragma GCC ivdep
        for (int i = 0; i < CHUNK; i++) {
            uint32_t v[4], w[4], p[4];
            float n_e, n_f, n_r, n_c, n_a, n_fee, n_luck, n_amp;
            draw(world + i, 0, creator, k, v);
            draw(world + i, 1, creator, k, w);
            draw(world + i, 256, creator, k, p);
            normals(&l, v[0], v[1], &n_e, &n_f);
            normals(&l, v[2], v[3], &n_r, &n_c);
            normals(&l, w[0], w[1], &n_a, &n_fee);
            normals(&l, p[0], p[1], &n_luck, &n_amp);
            float z = fmaf(l.f[1], n_f, fmaf(l.f[0], n_e, b[BASE_F][i]));
            float t = z / sqrtf(fmaf(z * z, l.fold[1], l.fold[0]));
            float followers = horner(l.followers, least(most(t, -1.0f), 1.0f), DEGREE_F);
            t = fmaf(l.r[1], n_r, fmaf(l.r[0], n_e, b[BASE_R][i]));
            float r = horner(l.reach, least(most(t, -1.0f), 1.0f), DEGREE_R) + b[SHIFT_R][i];
            t = fmaf(l.a, n_a, b[BASE_A][i]);
            float a = horner(l.authentic, least(most(t, -1.0f), 1.0f), DEGREE_A);
            t = fmaf(l.amp[1], n_amp, fmaf(l.amp[0], n_e, b[BASE_AMP][i]));
            float more = horner(l.amplification, least(most(t, -1.0f), 1.0f), DEGREE_AMP);
            float excess = exponential(&l, t >= l.jump_amp ? more + b[SHIFT_AMP][i] : -100.0f);
            float here = (float)w[2] * 0x1p-32f < b[CHANCE_D][i] ? 1.0f : 0.0f;
            float log_fee = fmaf(l.fee[0], n_e, b[BASE_FEE][i]);
            float fee = exponential(&l, fmaf(l.fee[2], n_fee, fmaf(l.fee[1], n_f, log_fee)));
            a = least(a, 0.0f);
            r = least(r, 0.0f);
            float people = here * exponential(&l, followers + a);
            float rate = exponential(&l, fmaf(l.e, n_e, b[BASE_E][i]) - (a + r));
            float worth = exponential(&l, fmaf(l.c, n_c, b[BASE_C][i]) + (a - l.log_mean_a));
            float share = exponential(&l, r + fmaf(l.luck, n_luck, b[BASE_LUCK][i]));
            float organic = people * share, wanted = fmaf(organic, excess, organic);
            organic = least(organic, l.audience);
            float extra = least(wanted, l.audience) - organic, g = least(rate, 1.0f);
            float total = g * worth * fmaf(l.q * l.w, extra, organic);
            s[IMPRESSIONS][i] += organic + extra;
            s[ENGAGEMENTS][i] += g * fmaf(l.q, extra, organic);
            s[ORDERS][i] += total;
            s[ORDERS_SQUARED][i] = fmaf(total, total, s[ORDERS_SQUARED][i]);
            s[ORDERS_LARGEST][i] = most(s[ORDERS_LARGEST][i], total);
            s[EXPOSURE][i] += fmaf(people, least(share, 1.0f), extra);
            s[FEES][i] = fmaf(here, fee, s[FEES][i]);
            s[DELIVERED][i] += here;
            s[VIRAL][i] += excess >= l.viral ? here : 0.0f;
            s[CAPPED_IMPRESSIONS][i] += wanted > l.audience ? 1.0f : 0.0f;
            s[CAPPED_ENGAGEMENTS][i] += rate > 1.0f ? here : 0.0f;
        }
        if (creator % GROUP == GROUP - 1 || creator == l.creators - 1)
            for (int j = 0; j < SUMS; j++)
                if (j != ORDERS_LARGEST)
                    for (int i = 0; i < CHUNK; i++) {
                        out[j][i] += (double)s[j][i];
                        s[j][i] = 0.0f;
                    }
    }
    for (int i = 0; i < CHUNK; i++)
        out[ORDERS_LARGEST][i] = (double)s[ORDERS_LARGEST][i];
}
