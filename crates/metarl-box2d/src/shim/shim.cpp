// A world of Box2D in which bodies and joints are numbers. Functions expect numbers that they gave
// out; the Rust side checks that.
#include <Box2D/Box2D.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

// What touches a body, as Gymnasium keeps it: an end of any contact clears the flag, whatever else
// still touches.
struct Touch {
    bool now = false;
    bool ever = false;
};

class Listener : public b2ContactListener {
public:
    std::vector<Touch> touch;

    void BeginContact(b2Contact *contact) override
    {
        for (b2Fixture *fixture : {contact->GetFixtureA(), contact->GetFixtureB()}) {
            Touch &of = find(fixture);
            of.now = true;
            of.ever = true;
        }
    }

    void EndContact(b2Contact *contact) override
    {
        for (b2Fixture *fixture : {contact->GetFixtureA(), contact->GetFixtureB()})
            find(fixture).now = false;
    }

private:
    Touch &find(b2Fixture *fixture)
    {
        return touch[reinterpret_cast<std::size_t>(fixture->GetBody()->GetUserData())];
    }
};

// The nearest fixture of some categories.
class Nearest : public b2RayCastCallback {
public:
    explicit Nearest(std::uint16_t categories) : categories(categories) {}

    float fraction = 1.0f;

    float32 ReportFixture(b2Fixture *fixture, const b2Vec2 &, const b2Vec2 &, float32 at) override
    {
        if ((fixture->GetFilterData().categoryBits & categories) == 0)
            return -1.0f;
        fraction = at;
        return at;
    }

private:
    std::uint16_t categories;
};

} // namespace

struct metarl_world {
    // The listener outlives the world that calls it.
    Listener listener;
    b2World world;
    std::vector<b2Body *> bodies;
    std::vector<b2RevoluteJoint *> joints;

    explicit metarl_world(b2Vec2 gravity) : world(gravity)
    {
        world.SetAllowSleeping(true);
        world.SetContactListener(&listener);
    }
};

extern "C" {

struct metarl_material {
    float density;
    float friction;
    std::uint16_t category;
    std::uint16_t mask;
};

struct metarl_hinge {
    std::uint32_t bodies[2];
    float anchors[2][2];
    float limits[2];
    float max_torque;
    float speed;
};

struct metarl_motion {
    float position[2];
    float velocity[2];
    float angle;
    float angular_velocity;
};

metarl_world *metarl_world_new(float x, float y) noexcept
{
    return new metarl_world(b2Vec2(x, y));
}

void metarl_world_free(metarl_world *world) noexcept
{
    delete world;
}

void metarl_world_step(metarl_world *world, float dt, std::int32_t velocity_iterations,
                       std::int32_t position_iterations) noexcept
{
    world->world.Step(dt, velocity_iterations, position_iterations);
}

float metarl_world_ray(const metarl_world *world, const float from[2], const float to[2],
                       std::uint16_t categories) noexcept
{
    Nearest nearest(categories);
    world->world.RayCast(&nearest, b2Vec2(from[0], from[1]), b2Vec2(to[0], to[1]));
    return nearest.fraction;
}

void metarl_body_new(metarl_world *world, bool dynamic, const float position[2],
                     float angle) noexcept
{
    b2BodyDef definition;
    definition.type = dynamic ? b2_dynamicBody : b2_staticBody;
    definition.position.Set(position[0], position[1]);
    definition.angle = angle;
    definition.userData = reinterpret_cast<void *>(world->bodies.size());
    world->listener.touch.emplace_back();
    world->bodies.push_back(world->world.CreateBody(&definition));
}

static void attach(metarl_world *world, std::uint32_t body, const b2Shape &shape,
                   const metarl_material *material)
{
    b2FixtureDef definition;
    definition.shape = &shape;
    definition.density = material->density;
    definition.friction = material->friction;
    definition.restitution = 0.0f;
    definition.filter.categoryBits = material->category;
    definition.filter.maskBits = material->mask;
    world->bodies[body]->CreateFixture(&definition);
}

void metarl_attach_polygon(metarl_world *world, std::uint32_t body, const float (*corners)[2],
                           std::int32_t n_corners, const metarl_material *material) noexcept
{
    b2Vec2 points[b2_maxPolygonVertices];
    for (std::int32_t i = 0; i < n_corners; ++i)
        points[i].Set(corners[i][0], corners[i][1]);
    b2PolygonShape shape;
    shape.Set(points, n_corners);
    attach(world, body, shape, material);
}

void metarl_attach_box(metarl_world *world, std::uint32_t body, float half_width,
                       float half_height, const metarl_material *material) noexcept
{
    b2PolygonShape shape;
    shape.SetAsBox(half_width, half_height);
    attach(world, body, shape, material);
}

void metarl_attach_edge(metarl_world *world, std::uint32_t body, const float ends[2][2],
                        const metarl_material *material) noexcept
{
    b2EdgeShape shape;
    shape.Set(b2Vec2(ends[0][0], ends[0][1]), b2Vec2(ends[1][0], ends[1][1]));
    attach(world, body, shape, material);
}

void metarl_body_push(metarl_world *world, std::uint32_t body, const float force[2]) noexcept
{
    world->bodies[body]->ApplyForceToCenter(b2Vec2(force[0], force[1]), true);
}

void metarl_body_motion(const metarl_world *world, std::uint32_t body,
                        metarl_motion *motion) noexcept
{
    const b2Body *of = world->bodies[body];
    const b2Vec2 position = of->GetPosition();
    const b2Vec2 velocity = of->GetLinearVelocity();
    motion->position[0] = position.x;
    motion->position[1] = position.y;
    motion->velocity[0] = velocity.x;
    motion->velocity[1] = velocity.y;
    motion->angle = of->GetAngle();
    motion->angular_velocity = of->GetAngularVelocity();
}

bool metarl_body_touches(const metarl_world *world, std::uint32_t body) noexcept
{
    return world->listener.touch[body].now;
}

bool metarl_body_has_touched(const metarl_world *world, std::uint32_t body) noexcept
{
    return world->listener.touch[body].ever;
}

void metarl_hinge_new(metarl_world *world, const metarl_hinge *hinge) noexcept
{
    b2RevoluteJointDef definition;
    definition.bodyA = world->bodies[hinge->bodies[0]];
    definition.bodyB = world->bodies[hinge->bodies[1]];
    definition.localAnchorA.Set(hinge->anchors[0][0], hinge->anchors[0][1]);
    definition.localAnchorB.Set(hinge->anchors[1][0], hinge->anchors[1][1]);
    definition.referenceAngle = definition.bodyB->GetAngle() - definition.bodyA->GetAngle();
    definition.enableLimit = true;
    definition.lowerAngle = hinge->limits[0];
    definition.upperAngle = hinge->limits[1];
    definition.enableMotor = true;
    definition.motorSpeed = hinge->speed;
    definition.maxMotorTorque = hinge->max_torque;
    b2Joint *joint = world->world.CreateJoint(&definition);
    world->joints.push_back(static_cast<b2RevoluteJoint *>(joint));
}

void metarl_hinge_drive(metarl_world *world, std::uint32_t joint, float speed,
                        float torque) noexcept
{
    world->joints[joint]->SetMotorSpeed(speed);
    world->joints[joint]->SetMaxMotorTorque(torque);
}

void metarl_hinge_motion(const metarl_world *world, std::uint32_t joint, float *angle,
                         float *speed) noexcept
{
    *angle = world->joints[joint]->GetJointAngle();
    *speed = world->joints[joint]->GetJointSpeed();
}

} // extern "C"
